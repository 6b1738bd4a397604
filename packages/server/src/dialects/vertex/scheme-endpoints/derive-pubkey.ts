import { Type } from 'typebox';
import { jsonAnswer } from '../../json-answer.ts';
import { encodeHex } from '../hex.ts';
import { HexSchema } from '../key-answers.ts';
import { createBodyReader } from '../read-body.ts';
import { DERIVATION_MEMBERS, readDerivation } from '../read-derivation.ts';
import { KEY_MEMBERS, readKey } from '../read-key.ts';
import { orThrow } from '../refuse.ts';
import { userEndpoint } from '../role-endpoint.ts';
import type { SchemeEndpoint } from '../scheme-endpoint.ts';

const Request = Type.Object({ ...KEY_MEMBERS, ...DERIVATION_MEMBERS });
const readRequest = createBodyReader(Request);

/** The public key at a path, and for BIP340 under a taproot merkle root. Needs no other party. */
export const derivePubkey: SchemeEndpoint = (scheme) =>
  // The published name for BIP340 is derive-tweak-pubkey; both are there, so that one name works for every scheme.
  (scheme.taproot ? ['derive-tweak-pubkey', 'derive-pubkey'] : ['derive-pubkey']).flatMap((name) =>
    userEndpoint([], {
      methods: ['POST'],
      path: `/${scheme.word}/${name}`,
      request: Request,
      responses: { 200: Type.Object({ pubkey: HexSchema }, { additionalProperties: false }) },
      async handle({ services, caller, body }) {
        const request = readRequest(body);
        const derivation = orThrow(readDerivation(scheme, request));
        const key = orThrow(readKey(request));
        const publicKey = await services.threshold.derivePublicKey(caller, scheme.algorithm, key, derivation);
        return jsonAnswer(200, { pubkey: encodeHex(publicKey) });
      },
    }),
  );
