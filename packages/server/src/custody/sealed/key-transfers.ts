/**
 * Keys that come in and go out under HPKE, and children. The HTTP process is hostile here as everywhere: what it says of a
 * stored key isn't believed, and only what was sealed when the key was made decides whether it leaves or has children.
 */
import { EngineFailure } from '@countersign/algorithms/engine';
import type { SelectedEngine } from '@countersign/algorithms/engine-selection';
import { freeSecret } from '@countersign/algorithms/secret-memory';
import type { SealingTerms } from '@countersign/core/ports/custody';
import { FRAME_TYPES } from '../frames.ts';
import { parseChildOrigin } from '../messages/child-origin.ts';
import { type KeyPairReply, packKeyPairReply, parseKeyPairRequest } from '../messages/key-pair-message.ts';
import {
  PUBLIC_KEY_BYTES,
  packTransferReply,
  parseExportRequest,
  parseImportKeyRequest,
  type TransferReply,
} from '../messages/transfer-message.ts';
import { exportContext, importContext } from '../transfer-context.ts';
import { encodePrivateKey } from './encode-private-key.ts';
import { openHpke, sealHpke } from './hpke.ts';
import { importKeyPair } from './import-key.ts';
import { openEntry } from './open-entry.ts';
import { failureOf, NO_ENGINE, type SealNewKey } from './seal-new-key.ts';
import type { Operations } from './serve.ts';
import type { OpenedKey, SealedTerms } from './wrapping.ts';

type Answer = Buffer | Promise<Buffer>;

const NOT_OPEN = { status: 'refused', reason: 'the sealed key does not open' } as const;
const NOT_A_MASTER = { status: 'refused', reason: 'the key was not sealed as a master key' } as const;
const NOT_A_CHILD = { status: 'refused', reason: 'a child may do no more than its parent, and never leaves' } as const;
const NOT_EXPORTABLE = { status: 'refused', reason: 'the key was not sealed as exportable' } as const;
const BAD_MESSAGE = {
  status: 'invalid',
  reason: 'the message does not open: wrong import key, account, algorithm or info, or altered on its way',
} as const;
const BAD_RECIPIENT = { status: 'invalid', reason: "the recipient's public key is not usable" } as const;

export function keyTransfers(
  engines: ReadonlyMap<string, SelectedEngine>,
  rootKey: Buffer,
  sealNew: SealNewKey,
): Operations<Answer>['serve'] {
  const importKey = importKeyPair(rootKey);

  function deriveChild(body: Buffer): Buffer {
    const { requestId, terms, encoded } = parseKeyPairRequest(FRAME_TYPES.deriveChild, body);
    const { path, parent } = parseChildOrigin(encoded);
    const opened = openEntry(rootKey, parent);
    if (opened === undefined) return packKeyPairReply(requestId, NOT_OPEN);
    try {
      return packKeyPairReply(requestId, deriveFrom(opened, path, terms));
    } finally {
      freeSecret(opened.privateKey);
    }
  }

  function deriveFrom(parent: OpenedKey, path: readonly number[], terms: SealingTerms): KeyPairReply {
    if (!parent.terms.operations.includes('derive-child')) return NOT_A_MASTER;
    if (!mayBeChild(terms, parent.terms)) return NOT_A_CHILD;
    return sealNew(terms, (engine) => {
      if (engine.deriveChild === undefined)
        throw new EngineFailure('unsupported', `the engine of ${terms.algorithm} derives no children`);
      return engine.deriveChild(parent.privateKey, parent.terms.parameters, path);
    });
  }

  async function importEncrypted(body: Buffer): Promise<Buffer> {
    const { requestId, terms, encoded } = parseKeyPairRequest(FRAME_TYPES.importEncrypted, body);
    const message = { enc: encoded.subarray(0, PUBLIC_KEY_BYTES), ciphertext: encoded.subarray(PUBLIC_KEY_BYTES) };
    const context = importContext(terms.accountId, terms.algorithm);
    const privateKey = await openHpke(importKey, message, context);
    if (privateKey === undefined) return packKeyPairReply(requestId, BAD_MESSAGE);
    try {
      return packKeyPairReply(
        requestId,
        sealNew(terms, (engine) => engine.importPrivate(privateKey)),
      );
    } finally {
      freeSecret(privateKey);
    }
  }

  async function exportEncrypted(body: Buffer): Promise<Buffer> {
    const { requestId, recipient, key } = parseExportRequest(body);
    const opened = openEntry(rootKey, key);
    if (opened === undefined) return packTransferReply(requestId, NOT_OPEN);
    try {
      return packTransferReply(requestId, await exportTo(recipient, opened));
    } finally {
      freeSecret(opened.privateKey);
    }
  }

  async function exportTo(recipient: Uint8Array, { terms, privateKey }: OpenedKey): Promise<TransferReply> {
    if (!terms.exportable) return NOT_EXPORTABLE;
    const { algorithm, selected } = engines.get(terms.algorithm) ?? {};
    if (algorithm === undefined || selected === undefined) return NO_ENGINE;
    const encoded = encodePrivateKey(algorithm, { ...terms, privateKey });
    if (encoded === undefined) return { status: 'not-supported', reason: 'the algorithm has no encoding for export' };
    try {
      // What can't be taken in again isn't an export but a loss that shows too late.
      const again = selected.engine.importPrivate(encoded);
      freeSecret(again.privateKey);
      if (!Buffer.from(again.publicKey).equals(terms.publicKey)) throw new Error('the encoding is of another key');
      const sealed = await sealHpke(recipient, encoded, exportContext(terms.accountId, terms.keyId));
      return sealed === undefined
        ? BAD_RECIPIENT
        : { status: 'done', publicKey: sealed.enc, ciphertext: sealed.ciphertext };
    } catch (error) {
      return failureOf(error);
    } finally {
      freeSecret(encoded);
    }
  }

  function importPublicKey(body: Buffer): Buffer {
    const { requestId } = parseImportKeyRequest(body);
    return packTransferReply(requestId, {
      status: 'done',
      publicKey: importKey.publicKey,
      ciphertext: new Uint8Array(0),
    });
  }

  return new Map<number, (body: Buffer) => Answer>([
    [FRAME_TYPES.importPublicKey, importPublicKey],
    [FRAME_TYPES.importEncrypted, importEncrypted],
    [FRAME_TYPES.exportEncrypted, exportEncrypted],
    [FRAME_TYPES.deriveChild, deriveChild],
  ]);
}

/** A child has its parent's account and algorithm, may do no more, has no children of its own and never leaves. */
function mayBeChild(child: SealingTerms, parent: SealedTerms): boolean {
  return (
    child.accountId === parent.accountId &&
    child.algorithm === parent.algorithm &&
    !child.exportable &&
    child.operations.every(
      (operation) => operation !== 'derive-child' && operation !== 'export' && parent.operations.includes(operation),
    )
  );
}
