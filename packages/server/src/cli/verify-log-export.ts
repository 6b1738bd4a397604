/** Checks what `countersign log export` wrote: every leaf and the root are computed again from the entries' bytes. */
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { DomainError } from '@countersign/core/domain-error';
import { leafHashes } from '@countersign/core/log/log-row';
import { MerkleTree } from '@countersign/core/log/merkle-tree';

export interface ExportCheck {
  readonly entries: number;
  readonly size: number;
  readonly rootHex: string;
  /** Root of the first `watchedSize` leaves; undefined where there are fewer, or no size was given. */
  readonly watchedRootHex: string | undefined;
  /** The first thing that is wrong. */
  readonly problem: string | undefined;
}

const HASH_BYTES = 32;

/** `watchedSize`: where the root is to be compared with an older one. @throws an error of the file system */
export async function verifyLogExport(path: string, watchedSize: number | undefined): Promise<ExportCheck> {
  const tree = new MerkleTree();
  let watched = watchedSize === 0 ? hex(tree.root()) : undefined;
  let entries = 0;
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
    if (entry === undefined) problem = `line ${entries + 1} is no entry of a log`;
    else if (entry.firstLeaf !== tree.size)
      problem =
        `line ${entries + 1}: leaf ${tree.size} was expected here, not ${entry.firstLeaf}; entries are missing ` +
        '(those of other accounts always are), or out of order';
    else {
      const hashes = hashesOf(entry);
      if (hashes === undefined) problem = `line ${entries + 1}: its bytes are no entry of its phase`;
      else append(hashes);
    }
    if (problem !== undefined) break;
    entries += 1;
  }
  return { entries, size: tree.size, rootHex: hex(tree.root()), watchedRootHex: watched, problem };
}

interface ExportedEntry {
  readonly firstLeaf: number;
  readonly phase: string;
  readonly body: Uint8Array;
}

function readEntry(line: string): ExportedEntry | undefined {
  try {
    const { firstLeaf, phase, body } = JSON.parse(line) as Readonly<Record<string, unknown>>;
    if (typeof firstLeaf !== 'number' || typeof phase !== 'string' || typeof body !== 'string') return undefined;
    return { firstLeaf, phase, body: Buffer.from(body, 'base64') };
  } catch {
    return undefined;
  }
}

function hashesOf({ phase, body }: ExportedEntry): Uint8Array | undefined {
  try {
    return leafHashes(phase, body);
  } catch (error) {
    if (error instanceof DomainError || error instanceof RangeError) return undefined;
    throw error;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
