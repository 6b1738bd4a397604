/** For tests: an authenticator with the browser before it, in software. */
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export const RP_ID = 'sign.example.com';
export const ORIGIN = 'https://sign.example.com';

const sha256 = (bytes: Uint8Array | string): Buffer => createHash('sha256').update(bytes).digest();

type Cbor = number | string | Uint8Array | readonly Cbor[] | ReadonlyMap<number | string, Cbor>;

/** Deterministic CBOR (RFC 8949) of what WebAuthn needs: integers, byte and text strings, lists, maps. */
function cbor(value: Cbor): Buffer {
  const head = (major: number, n: number): Buffer =>
    n < 24
      ? Buffer.of((major << 5) | n)
      : n < 256
        ? Buffer.of((major << 5) | 24, n)
        : Buffer.of((major << 5) | 25, n >> 8, n & 255);
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (isList(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  return Buffer.concat([head(5, value.size), ...[...value].flatMap(([key, entry]) => [cbor(key), cbor(entry)])]);
}

function isList(value: readonly Cbor[] | ReadonlyMap<number | string, Cbor>): value is readonly Cbor[] {
  return Array.isArray(value);
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 255];
  return Buffer.concat([Buffer.of(tag, ...length), content]);
}

/** The smallest X.509 certificate (RFC 5280): the key certifies itself. */
function certificate(spki: Uint8Array, signTbs: (tbs: Uint8Array) => Uint8Array): Buffer {
  const integer = (n: number): Buffer => der(2, Buffer.of(n));
  const ecdsaWithSha256 = der(0x30, der(6, Buffer.from('2a8648ce3d040302', 'hex')));
  const commonName = der(0x30, der(6, Buffer.from('550403', 'hex')), der(12, Buffer.from('test')));
  const name = der(0x30, der(0x31, commonName));
  const time = (text: string): Buffer => der(0x17, Buffer.from(text));
  const validity = der(0x30, time('200101000000Z'), time('491231235959Z'));
  const tbs = der(0x30, der(0xa0, integer(2)), integer(1), ecdsaWithSha256, name, validity, name, spki);
  return der(0x30, tbs, ecdsaWithSha256, der(3, Buffer.of(0), signTbs(tbs)));
}

export const FLAGS = { present: 1, verified: 4, attested: 64 };

export interface Ceremony {
  readonly origin?: string;
  readonly rpId?: string;
  readonly flags?: number;
  readonly type?: string;
}

/** An authenticator with the browser before it (WebAuthn, level 3: sections 6.1, 6.5.1, 5.8.1). */
export class SoftwareAuthenticator {
  readonly rawId = randomBytes(20);
  readonly #pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly #algorithm: 'ES256' | 'EdDSA';
  #count: number;

  constructor(algorithm: 'ES256' | 'EdDSA', firstCount = 0) {
    this.#algorithm = algorithm;
    this.#count = firstCount;
    this.#pair =
      algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  }

  get #coseKey(): Buffer {
    const { x = '', y = '' } = this.#pair.publicKey.export({ format: 'jwk' });
    const bytes = (text: string): Buffer => Buffer.from(text, 'base64url');
    const members: [number, Cbor][] =
      this.#algorithm === 'ES256'
        ? [
            [1, 2],
            [3, -7],
            [-1, 1],
            [-2, bytes(x)],
            [-3, bytes(y)],
          ]
        : [
            [1, 1],
            [3, -8],
            [-1, 6],
            [-2, bytes(x)],
          ];
    return cbor(new Map(members));
  }

  #clientData(text: string, type: string, { origin = ORIGIN, ...rest }: Ceremony): Buffer {
    const json = { type: rest.type ?? type, challenge: Buffer.from(text).toString('base64url'), origin };
    return Buffer.from(JSON.stringify({ ...json, crossOrigin: false }));
  }

  #authenticatorData({ rpId = RP_ID, flags = FLAGS.present | FLAGS.verified }: Ceremony, more = 0): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(this.#count);
    return Buffer.concat([sha256(rpId), Buffer.of(flags | more), count]);
  }

  #sign(message: Uint8Array): Buffer {
    return sign(this.#algorithm === 'ES256' ? 'sha256' : null, message, this.#pair.privateKey);
  }

  create(text: string, ceremony: Ceremony & { readonly format?: 'none' | 'packed' | 'fido-u2f' } = {}) {
    const clientData = this.#clientData(text, 'webauthn.create', ceremony);
    const idLength = Buffer.of(0, this.rawId.length);
    const attested = Buffer.concat([Buffer.alloc(16), idLength, this.rawId, this.#coseKey]);
    const authData = Buffer.concat([this.#authenticatorData(ceremony, FLAGS.attested), attested]);
    const statement = new Map<string, Cbor>();
    if (ceremony.format === 'packed') {
      statement.set('alg', this.#algorithm === 'ES256' ? -7 : -8);
      statement.set('sig', this.#sign(Buffer.concat([authData, sha256(clientData)])));
    }
    if (ceremony.format === 'fido-u2f') {
      // WebAuthn, level 3, section 8.6: with a certificate of the key by itself.
      const spki = this.#pair.publicKey.export({ format: 'der', type: 'spki' });
      const head = Buffer.concat([Buffer.of(0), sha256(RP_ID), sha256(clientData), this.rawId]);
      statement.set('sig', this.#sign(Buffer.concat([head, spki.subarray(-65)])));
      statement.set('x5c', [certificate(spki, (tbs) => this.#sign(tbs))]);
    }
    const attestationObject = cbor(
      new Map<string, Cbor>([
        ['fmt', ceremony.format ?? 'none'],
        ['attStmt', statement],
        ['authData', authData],
      ]),
    );
    return { rawId: this.rawId, clientData, attestationObject };
  }

  get(text: string, ceremony: Ceremony = {}) {
    this.#count += 1;
    const clientData = this.#clientData(text, 'webauthn.get', ceremony);
    const authenticatorData = this.#authenticatorData(ceremony);
    const signature = this.#sign(Buffer.concat([authenticatorData, sha256(clientData)]));
    return { rawId: this.rawId, clientData, authenticatorData, signature };
  }
}
