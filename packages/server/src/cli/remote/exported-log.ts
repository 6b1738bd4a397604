/** The log as `countersign log export` writes it. */
import type { Log, LogEntry } from '@countersign/client/log';

/** Leaves that aren't the account's own: their hashes, which say nothing about them, and complete the tree. */
export interface OtherLeaf {
  readonly firstLeaf: number;
  readonly leafHash: string;
}

/** Hashes asked for at once: each is an exchange of its own. */
const HASHES_AT_ONCE = 8;

/** Every leaf from `from` to the end of the log as it is when its last entry was read, without a gap. */
export async function* exportedLog(log: Log, from: number): AsyncGenerator<LogEntry | OtherLeaf, void, undefined> {
  let next = from;
  for await (const entry of log.entries(from)) {
    yield* otherLeaves(log, next, entry.firstLeaf);
    yield entry;
    next = entry.firstLeaf + entry.leafCount;
  }
  const { size } = await log.checkpoint();
  yield* otherLeaves(log, next, size);
}

async function* otherLeaves(log: Log, from: number, to: number): AsyncGenerator<OtherLeaf, void, undefined> {
  for (let first = from; first < to; first += HASHES_AT_ONCE) {
    const leaves = Array.from({ length: Math.min(HASHES_AT_ONCE, to - first) }, (_, index) => first + index);
    const proofs = await Promise.all(leaves.map((leaf) => log.inclusionProof(leaf)));
    for (const { leaf, leafHash } of proofs) yield { firstLeaf: leaf, leafHash };
  }
}
