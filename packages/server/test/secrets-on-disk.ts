/** What a thief of a whole data folder, root key included, reads of threshold keys in it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PARTY_ALGORITHMS, type StoredSecret } from '../src/custody/messages/party-message.ts';
import { openIdentity, openShare, type ShareSecret } from '../src/custody/sealed/party/sealed-secrets.ts';
import { databasePathOf } from './logged-signatures.ts';

export interface SecretsOnDisk {
  /** Those that aren't erased. */
  readonly shares: readonly {
    /** As the row holds it. */
    readonly sealed: Uint8Array;
    /** 32 bytes each. */
    readonly secrets: readonly Uint8Array[];
    /** ChillDKG recovery data, or a certificate. */
    readonly evidence: Uint8Array | undefined;
  }[];
  /** The root key, and what the server's identity is made of. */
  readonly others: readonly Uint8Array[];
}

export function secretsOnDisk(dataDir: string): SecretsOnDisk {
  const rootKey = rootKeyOf(dataDir);
  const database = new DatabaseSync(databasePathOf(dataDir), { readOnly: true });
  try {
    const shares = database
      .prepare('SELECT id, account_id, algorithm, sealed FROM threshold_shares WHERE length(sealed) > 0')
      .all()
      .map((row): StoredSecret => {
        const algorithm = PARTY_ALGORITHMS.find((name) => name === row['algorithm']);
        if (algorithm === undefined) throw new Error('a share of another algorithm');
        return {
          slot: { keyId: blobOf(row['id']), accountId: blobOf(row['account_id']), algorithm },
          sealed: blobOf(row['sealed']),
        };
      });
    const identities = database.prepare('SELECT sealed FROM threshold_identity').all();
    return {
      shares: shares.map((share) => openedShare(rootKey, share)),
      others: [rootKey, ...identities.flatMap((row) => openedIdentity(rootKey, blobOf(row['sealed'])))],
    };
  } finally {
    database.close();
  }
}

/**
 * Whether a part of a sealed share stands in a file of the database: rows, free pages, or the log of writes. Its second
 * half is ciphertext, which stands nowhere else.
 */
export function isOnDisk(dataDir: string, sealed: Uint8Array): boolean {
  const bytes = sealed.subarray(sealed.length / 2);
  const folder = join(dataDir, 'db');
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
  const parts: Uint8Array[] = [];
  for (let offset = 0; offset + PART_BYTES <= bytes.length; offset += PART_BYTES)
    parts.push(bytes.subarray(offset, offset + PART_BYTES));
  return parts.some((part) => files.some((file) => file.includes(part)));
}

/** Long rows are cut into pages anywhere. */
const PART_BYTES = 24;

function rootKeyOf(dataDir: string): Buffer {
  const [, key] = /^key ([0-9A-Fa-f]{64})$/m.exec(readFileSync(join(dataDir, 'root.key'), 'utf8')) ?? [];
  if (key === undefined) throw new Error('no root key');
  return Buffer.from(key, 'hex');
}

function openedShare(rootKey: Buffer, stored: StoredSecret) {
  const opened = openShare(rootKey, stored);
  if (opened === undefined) throw new Error('a share that the root key does not open');
  try {
    const secret: ShareSecret = opened.value;
    const scalar = 'scalar' in secret ? [secret.scalar] : [];
    const perKey = secret.perKey === undefined ? [] : [secret.perKey];
    return {
      sealed: stored.sealed,
      secrets: [...scalar, ...perKey].map((each) => Uint8Array.from(each)),
      evidence: 'facts' in secret ? Uint8Array.from(secret.facts.publicEvidence) : undefined,
    };
  } finally {
    opened.free();
  }
}

function openedIdentity(rootKey: Buffer, sealed: Uint8Array): readonly Uint8Array[] {
  const opened = openIdentity(rootKey, sealed);
  if (opened === undefined) throw new Error('an identity that the root key does not open');
  const secrets = Object.values(opened.value).map((each) => Uint8Array.from(each));
  opened.free();
  return secrets;
}

function blobOf(value: unknown): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new Error('a column without bytes');
  return value;
}
