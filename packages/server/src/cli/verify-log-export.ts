/** Checks what `countersign log export` wrote: every leaf and the root are computed again from the entries' bytes. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { DomainError } from '@countersign/core/domain-error';
import { leafHashes } from '@countersign/core/log/log-row';
import { MerkleTree } from '@countersign/core/log/merkle-tree';
import { HASH_BYTES } from '@countersign/core/log/tree-hash';

export interface ExportCheck {
  readonly entries: number;
  /** Leaves of which the export has no more than the hash: they may be anything. */
  readonly hashedLeaves: number;
  readonly size: number;
  readonly rootHex: string;
  /** Root of the first `watchedSize` leaves; undefined where there are fewer, or no size was given. */
  readonly watchedRootHex: string | undefined;
  /** The first thing that is wrong. */
  readonly problem: string | undefined;
}

/** `watchedSize`: where the root is to be compared with an older one. @throws an error of the file system */
export async function verifyLogExport(path: string, watchedSize: number | undefined): Promise<ExportCheck> {
  const tree = new MerkleTree();
  let watched = watchedSize === 0 ? hex(tree.root()) : undefined;
  let entries = 0;
  let hashedLeaves = 0;
  let lines = 0;
  let problem: string | undefined;

  const append = (hashes: Uint8Array): void => {
    const before = ((watchedSize ?? 0) - tree.size) * HASH_BYTES;
    if (before <= 0 || before > hashes.length) {
      tree.append(hashes);
      return;
    }
    tree.append(hashes.subarray(0, before));
    watched = hex(tree.root());
    tree.append(hashes.subarray(before));
  };

  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const entry = readEntry(line);
    if (entry === undefined) problem = `line ${lines + 1} is no entry of a log`;
    else if (entry.firstLeaf !== tree.size)
      problem =
        `line ${lines + 1}: leaf ${tree.size} was expected here, not ${entry.firstLeaf}; ` +
        'entries are missing or out of order';
    else {
      const hashes = hashesOf(entry);
      if (hashes === undefined) problem = `line ${lines + 1}: its bytes are no entry of its phase`;
      else append(hashes);
    }
    if (problem !== undefined) break;
    lines += 1;
    if (entry?.phase === undefined) hashedLeaves += 1;
    else entries += 1;
  }
  return { entries, hashedLeaves, size: tree.size, rootHex: hex(tree.root()), watchedRootHex: watched, problem };
}

interface ExportedEntry {
  readonly firstLeaf: number;
  /** Undefined for a leaf that is known by its hash, which then is `bytes`. */
  readonly phase: string | undefined;
  readonly bytes: Uint8Array;
}

function readEntry(line: string): ExportedEntry | undefined {
  try {
    const { firstLeaf, phase, body, leafHash } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (typeof firstLeaf !== 'number') return undefined;
    if (typeof phase === 'string' && typeof body === 'string')
      return { firstLeaf, phase, bytes: Buffer.from(body, 'base64') };
    return typeof leafHash === 'string' && phase === undefined
      ? { firstLeaf, phase, bytes: Buffer.from(leafHash, 'base64') }
      : undefined;
  } catch {
    return undefined;
  }
}

function hashesOf({ phase, bytes }: ExportedEntry): Uint8Array | undefined {
  if (phase === undefined) return bytes.length === HASH_BYTES ? bytes : undefined;
  try {
    return leafHashes(phase, bytes);
  } catch (error) {
    if (error instanceof DomainError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
