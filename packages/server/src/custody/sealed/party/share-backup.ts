/**
 * One party's share as a blob that another server, or this one after a loss, takes in: in clear, or under a key that the
 * operator gives to both. The process's own options say which; a taken-over HTTP process can't ask for another.
 */
import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { fillFromKernel } from '@countersign/algorithms/kernel-randomness';
import { copySecret, freeSecret } from '@countersign/algorithms/secret-memory';
import { type Decoded, decode, encode, fixed, MalformedBytes, struct, word } from '@countersign/threshold/codec';
import type { IdentitySecret } from '@countersign/threshold/exchange/identity';
import { createKeygenId, InvalidKeygenId } from '@countersign/threshold/exchange/keygen-id';
import { PARTY_ALGORITHMS, type PartyReply, type PartyRequest, thresholdFacts } from '../../messages/party-message.ts';
import { areCoherent } from './coherent-facts.ts';
import { OperationRefused } from './party-context.ts';
import type { PartyScheme } from './party-scheme.ts';
import { openShare, sealShare } from './sealed-secrets.ts';

export type BackupKey =
  | { readonly mode: 'off' | 'plaintext' }
  /** 32 bytes in locked memory. */
  | { readonly mode: 'encrypted'; readonly key: Buffer };

const content = struct({
  algorithm: word(PARTY_ALGORITHMS),
  scalar: fixed(32),
  facts: thresholdFacts,
});
type Content = Decoded<typeof content>;

const MAGIC = Buffer.from('CSB\x01', 'latin1');
const SALT_BYTES = 32;
const TAG_BYTES = 16;
const LABEL = 'countersign/share-backup/v1';
const NONCE = Buffer.alloc(12);

export function exportBackup(
  rootKey: Buffer,
  backup: BackupKey,
  request: Extract<PartyRequest, { kind: 'export-share' }>,
): PartyReply {
  requireMode(backup, request.encrypted);
  const opened = openShare(rootKey, request.share);
  if (opened === undefined) throw new OperationRefused('invalid_request', 'the share is not one of this server');
  try {
    const secret = opened.value;
    if (secret.kind !== 'share') throw new OperationRefused('conflict', 'the key has no finished share to back up');
    const plain = encode(content, {
      algorithm: request.share.slot.algorithm,
      scalar: secret.scalar,
      facts: secret.facts,
    });
    try {
      const share =
        backup.mode === 'encrypted' ? encrypt(backup.key, plain) : Buffer.concat([MAGIC, Buffer.of(0), plain]);
      return { kind: 'backup', encrypted: request.encrypted, share };
    } finally {
      plain.fill(0);
    }
  } finally {
    opened.free();
  }
}

export function importBackup(
  rootKey: Buffer,
  backup: BackupKey,
  scheme: PartyScheme,
  request: Omit<Extract<PartyRequest, { kind: 'import-share' }>, 'identity'> & { readonly identity: IdentitySecret },
): PartyReply {
  requireMode(backup, request.encrypted);
  const plain = backup.mode === 'encrypted' ? decrypt(backup.key, request.backup) : unwrap(request.backup);
  if (plain === undefined)
    throw new OperationRefused('invalid_request', 'the backup is damaged, of another version, or under another key');
  const memory = copySecret(plain);
  plain.fill(0);
  // The message's own bytes, which are the share where it isn't encrypted.
  request.backup.fill(0);
  try {
    const { algorithm, scalar, facts } = readContent(memory);
    if (algorithm !== scheme.algorithm)
      throw new OperationRefused('invalid_request', `the backup is of a ${algorithm} key`);
    const own = facts.parties.find(({ index }) => index === facts.index);
    const isOwn = own !== undefined && Buffer.compare(own.identity, request.identity.public.identityKey) === 0;
    // The other parties know this share by the identity that it was made for.
    if (!isOwn)
      throw new OperationRefused(
        'conflict',
        'the backup is of a server with another identity; restore that server, or reshare the key to this one',
      );
    const { group } = scheme;
    const publicShare = group.isScalar(scalar) && !group.isZero(scalar) ? group.multiplyBase(scalar) : undefined;
    if (publicShare === undefined || Buffer.compare(group.encode(publicShare), own.publicShare) !== 0)
      throw new OperationRefused('invalid_request', 'the share does not fit its own public share');
    if (!areCoherent(group, facts)) throw damaged();
    const keygenId = keygenIdOf(request.identity, scheme, own.perKeyPublic);
    return {
      kind: 'restored',
      sealed: sealShare(rootKey, request.slot, {
        kind: 'share',
        perKey: undefined,
        scalar,
        facts,
        acknowledgements: [],
      }),
      facts,
      keygenId,
      publicKey: scheme.publicKeyOf(facts.groupKey),
    };
  } finally {
    freeSecret(memory);
  }
}

function requireMode(backup: BackupKey, encrypted: boolean): void {
  if (backup.mode !== (encrypted ? 'encrypted' : 'plaintext'))
    throw new OperationRefused('forbidden', `share backup is ${backup.mode} on this server (--share-backup)`);
}

function readContent(plain: Uint8Array): Content {
  try {
    const { algorithm, scalar, facts } = decode(content, plain);
    // Public, and needed longer than the memory that it lies in.
    return { algorithm, scalar, facts: decode(thresholdFacts, encode(thresholdFacts, facts)) };
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    throw damaged();
  }
}

function keygenIdOf(identity: IdentitySecret, { algorithm }: PartyScheme, perKeyPublic: Uint8Array): string {
  try {
    return createKeygenId(identity, algorithm, perKeyPublic).text;
  } catch (error) {
    if (error instanceof InvalidKeygenId) throw damaged();
    throw error;
  }
}

function damaged(): OperationRefused {
  return new OperationRefused('invalid_request', 'the backup is damaged');
}

/** A key of its own for each blob, so that the nonce has nothing to tell apart. */
function encrypt(key: Buffer, plain: Uint8Array): Buffer {
  const header = Buffer.concat([MAGIC, Buffer.of(1), Buffer.alloc(SALT_BYTES)]);
  fillFromKernel(header.subarray(-SALT_BYTES));
  const cipher = createCipheriv('aes-256-gcm', blobKey(key, header), NONCE, { authTagLength: TAG_BYTES });
  cipher.setAAD(header);
  return Buffer.concat([header, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, blob: Uint8Array): Buffer | undefined {
  const headerBytes = MAGIC.length + 1 + SALT_BYTES;
  const header = Buffer.from(blob.subarray(0, headerBytes));
  if (blob.length <= headerBytes + TAG_BYTES || !hasForm(header, 1)) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', blobKey(key, header), NONCE, { authTagLength: TAG_BYTES });
  decipher.setAAD(header);
  decipher.setAuthTag(blob.subarray(-TAG_BYTES));
  const plain = decipher.update(blob.subarray(headerBytes, -TAG_BYTES));
  try {
    decipher.final();
    return plain;
  } catch {
    plain.fill(0);
    return undefined;
  }
}

function unwrap(blob: Uint8Array): Buffer | undefined {
  return hasForm(blob, 0) ? Buffer.from(blob.subarray(MAGIC.length + 1)) : undefined;
}

function hasForm(blob: Uint8Array, form: number): boolean {
  return MAGIC.equals(blob.subarray(0, MAGIC.length)) && blob[MAGIC.length] === form;
}

function blobKey(key: Buffer, header: Uint8Array): Buffer {
  return createHmac('sha256', key).update(LABEL).update(header).digest();
}
