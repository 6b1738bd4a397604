/** The party process's one frame type: requests in the encoding of `party-message.ts`, answered one by one. */
import { freeSecret, randomSecret } from '@countersign/algorithms/secret-memory';
import { decode, encode, MalformedBytes } from '@countersign/threshold/codec';
import { createKeygenId } from '@countersign/threshold/exchange/keygen-id';
import { allocateFrame, FRAME_HEADER_BYTES, FRAME_TYPES, FrameError } from '../../frames.ts';
import {
  type PartyReply,
  type PartyRequest,
  partyReply,
  partyRequest,
  type SealSlot,
} from '../../messages/party-message.ts';
import { describeError, logLine } from '../log-line.ts';
import type { Operations } from '../serve.ts';
import { createIdentity, loadSealedIdentity, type OpenIdentity } from './identity.ts';
import { OperationRefused, type Schemes } from './party-context.ts';
import type { PartyScheme } from './party-scheme.ts';
import { PartySessions } from './party-sessions.ts';
import { sealShare } from './sealed-secrets.ts';
import { type BackupKey, exportBackup, importBackup } from './share-backup.ts';

const NUMBER_BYTES = 4;

export interface PartyOptions {
  /** Whether a whole private key may be put together here. */
  readonly allowFullExport: boolean;
  readonly backup: BackupKey;
}

export function partyOperations(schemes: Schemes, rootKey: Buffer, options: PartyOptions): Operations {
  /** The last one used: a server has one. */
  let cachedIdentity: { readonly sealed: Buffer; readonly identity: OpenIdentity } | undefined;
  const sessions = new PartySessions({
    rootKey,
    schemes,
    identity: (sealed) => identityOf(sealed).exchange,
    allowFullExport: options.allowFullExport,
  });

  function identityOf(sealed: Uint8Array): OpenIdentity {
    if (cachedIdentity?.sealed.equals(sealed) === true) return cachedIdentity.identity;
    const identity = loadSealedIdentity(rootKey, sealed);
    if (identity === undefined) throw new OperationRefused('invalid_request', "the identity isn't one of this server");
    cachedIdentity = { sealed: Buffer.from(sealed), identity };
    return identity;
  }

  function answer(request: PartyRequest): PartyReply {
    switch (request.kind) {
      case 'create-identity':
        return createIdentity(rootKey);
      case 'sign-question': {
        const signature = identityOf(request.identity).signQuestion(request.signingInput);
        if (signature === undefined)
          throw new OperationRefused('forbidden', 'only questions to rule servers are signed');
        return { kind: 'signature', signature };
      }
      case 'create-key':
        return createKey(
          rootKey,
          schemeOf(schemes, request.slot.algorithm),
          identityOf(request.identity),
          request.slot,
        );
      case 'derive-public-key':
        return derivePublicKey(schemeOf(schemes, request.algorithm), request);
      case 'export-share':
        return exportBackup(rootKey, options.backup, request);
      case 'import-share':
        return importBackup(rootKey, options.backup, schemeOf(schemes, request.slot.algorithm), {
          ...request,
          identity: identityOf(request.identity).exchange,
        });
      case 'open':
        return sessions.open(request);
      case 'deliver':
        return sessions.deliver(request.session, request.frames);
      case 'kept':
        return sessions.kept(request.session);
      case 'time-out':
        return sessions.timeOut(request.session);
      case 'close':
        return sessions.close(request.session);
    }
  }

  function serve(body: Buffer): Buffer {
    if (body.length < NUMBER_BYTES) throw new FrameError('party request');
    const request = readRequest(body.subarray(NUMBER_BYTES));
    let reply: PartyReply;
    let encoded: Buffer;
    try {
      reply = answer(request);
      encoded = encode(partyReply, reply);
    } catch (error) {
      // Whatever other parties make of one operation, the process goes on with all the others.
      reply = refusalOf(error);
      encoded = encode(partyReply, reply);
    }
    const frame = allocateFrame(FRAME_TYPES.partyReply, NUMBER_BYTES + encoded.length);
    body.copy(frame, FRAME_HEADER_BYTES, 0, NUMBER_BYTES);
    frame.set(encoded, FRAME_HEADER_BYTES + NUMBER_BYTES);
    if (reply.kind === 'session' || reply.kind === 'backup') encoded.fill(0);
    return frame;
  }

  return { serve: new Map([[FRAME_TYPES.party, serve]]), close: () => sessions.closeAll() };
}

/** The HTTP process is ours: what it sends is well-formed, or it has been taken over. @throws FrameError */
function readRequest(body: Buffer): PartyRequest {
  try {
    return decode(partyRequest, body);
  } catch (error) {
    if (error instanceof MalformedBytes) throw new FrameError(`party request: ${error.message}`);
    throw error;
  }
}

function createKey(rootKey: Buffer, scheme: PartyScheme, identity: OpenIdentity, slot: SealSlot): PartyReply {
  for (;;) {
    const perKey = randomSecret(32);
    try {
      const perKeyPublic = scheme.perKeyPublic(perKey);
      // Not a scalar of the curve (2^-128 of them): draw again.
      if (perKeyPublic === undefined) continue;
      return {
        kind: 'key',
        sealed: sealShare(rootKey, slot, { kind: 'created', perKey }),
        keygenId: createKeygenId(identity.exchange, scheme.algorithm, perKeyPublic).text,
      };
    } finally {
      freeSecret(perKey);
    }
  }
}

function derivePublicKey(
  scheme: PartyScheme,
  request: Extract<PartyRequest, { kind: 'derive-public-key' }>,
): PartyReply {
  const { groupKey, chainCode, path, merkleRoot } = request;
  try {
    return { kind: 'public-key', publicKey: scheme.derivePublicKey(groupKey, chainCode, path, merkleRoot) };
  } catch (error) {
    if (error instanceof RangeError) throw new OperationRefused('invalid_request', error.message);
    throw error;
  }
}

function schemeOf(schemes: Schemes, algorithm: PartyScheme['algorithm']): PartyScheme {
  const scheme = schemes.get(algorithm);
  if (scheme === undefined)
    throw new OperationRefused('not_supported', `no library for threshold ${algorithm} is present on this server`);
  return scheme;
}

function refusalOf(error: unknown): PartyReply {
  if (error instanceof OperationRefused) return { kind: 'refused', reason: error.message, code: error.code };
  logLine('party-fault', describeError(error));
  return { kind: 'refused', reason: 'the operation failed on this server', code: 'internal' };
}
