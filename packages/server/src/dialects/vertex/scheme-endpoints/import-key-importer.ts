import { DomainError } from '@countersign/core/domain-error';
import { Type } from 'typebox';
import { NOTHING } from '../answers.ts';
import { findKey } from '../find-share.ts';
import { readHex } from '../hex.ts';
import { GeneratedKeyAnswerSchema, generatedKeyAnswer, NothingSchema } from '../key-answers.ts';
import { PartyCountSchema } from '../party-count-schema.ts';
import { createBodyReader } from '../read-body.ts';
import { KEY_MEMBERS, readKey } from '../read-key.ts';
import { KEYGEN_ID_MEMBERS, readKeygenIds } from '../read-keygen-ids.ts';
import { MEETING_MEMBERS, readMeeting } from '../read-meeting.ts';
import { orThrow } from '../refuse.ts';
import { userEndpoint } from '../role-endpoint.ts';
import type { SchemeEndpoint } from '../scheme-endpoint.ts';

const Request = Type.Object({
  ...MEETING_MEMBERS,
  ...KEYGEN_ID_MEMBERS,
  /** Ours: a dealer that keeps a share names the key, made by `create`, that the share goes into. */
  ...KEY_MEMBERS,
  private_key: Type.String({ description: 'Hex of 32 bytes: the scalar (bip340) or the RFC 8032 seed (ed25519).' }),
  threshold: PartyCountSchema,
});
const readRequest = createBodyReader(Request);

const PRIVATE_KEY_BYTES = 32;

/**
 * Deals shares of a whole private key to the holders of the keygen ids. The key comes in the clear, as the API has it:
 * the bytes are wiped here, but the text of the body is the runtime's to forget.
 */
export const importKeyImporter: SchemeEndpoint = (scheme) =>
  userEndpoint(['create-key'], {
    methods: ['POST'],
    path: `/${scheme.word}/import/key-importer`,
    request: Request,
    responses: { 200: Type.Union([GeneratedKeyAnswerSchema, NothingSchema]) },
    async handle({ services, caller, body }) {
      const request = readRequest(body);
      const meeting = orThrow(readMeeting(request));
      const keygenIds = readKeygenIds('keygen_ids', request);
      const privateKey = orThrow(readHex('private_key', request.private_key, PRIVATE_KEY_BYTES));
      try {
        if (privateKey.length !== PRIVATE_KEY_BYTES)
          throw new DomainError('invalid_request', `private_key must be the hex of ${PRIVATE_KEY_BYTES} bytes`);
        const { threshold } = request;
        const keepsShare = request.key_id !== undefined || request.key_name !== undefined;
        const kept = await services.threshold.importDeal(caller, {
          key: keepsShare ? await findKey(services, caller, scheme, orThrow(readKey(request))) : undefined,
          algorithm: scheme.algorithm,
          privateKey,
          keygenIds,
          threshold,
          meeting,
        });
        return kept === undefined ? NOTHING : generatedKeyAnswer(kept);
      } finally {
        privateKey.fill(0);
      }
    },
  });
