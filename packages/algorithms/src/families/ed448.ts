/** Ed448 (RFC 8032, section 5.2): EdDSA on the message itself, with an empty context. */
import type { Algorithm, Payload, Prepared, Scheme, SigningOptions } from '../algorithm.ts';
import { ED448_OID, ED448_SIGNATURE_BYTES } from '../ed448-public-key.ts';
import { refuseParameters } from '../refuse-parameters.ts';
import { encodeSubjectPublicKeyInfo } from '../spki.ts';
import { findUnusedOption } from '../unused-options.ts';

const NO_PARAMETERS = new Uint8Array(0);
// One object for all items, since a batch holds thousands of them until its last signature is made.
const SCHEME: Scheme = {};
const ENCODED_KEY_BITS = 456;

export const ed448: Algorithm = {
  name: 'ed448',
  operation: 'sign',
  derivesChildren: false,
  parseParameters: refuseParameters,
  prepare,
  legacyKeyUse: () => [],
  keySizeBits: () => ENCODED_KEY_BITS,
  encodeSpki: (publicKey) => encodeSubjectPublicKeyInfo(ED448_OID, NO_PARAMETERS, publicKey),
  maxSignatureBytes: () => ED448_SIGNATURE_BYTES,
  engines: [
    { name: 'openssl', load: () => import('../engines/openssl/ed448.ts').then((engine) => engine.loadEngine()) },
    {
      name: 'node-crypto',
      load: () => import('../engines/node-crypto/ed448.ts').then((engine) => engine.loadEngine()),
    },
  ],
};

function prepare(payload: Payload, options: SigningOptions): Prepared {
  if (payload.kind === 'digest') return { ok: false, reason: 'Ed448 signs messages, not digests' };
  // `payload.digest` is not looked at: clients of existing services name one by habit, and EdDSA has its own.
  // `deterministic` may have either value: Ed448 is deterministic, and has no other way.
  const unused = findUnusedOption(options, ['deterministic']);
  if (unused !== undefined) return { ok: false, reason: unused };
  return { ok: true, value: { scheme: SCHEME, bytes: payload.bytes, legacy: [] } };
}
