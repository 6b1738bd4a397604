/** Certificates for tests of TLS, made on the spot: nothing that looks like a secret lies in the repository. */
import { generateKeyPairSync, sign } from 'node:crypto';

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const UTF8_STRING = 0x0c;
const UTC_TIME = 0x17;
const EXPLICIT_0 = 0xa0;
const HOUR_MS = 3_600_000;

/**
 * A P-256 certificate (RFC 5280, section 4.1) that is its own issuer, valid for an hour before and after now, and its
 * key; both PEM.
 * @param name its common name, which clients compare with the host
 */
export function selfSignedCertificate(name: string): { readonly cert: Buffer; readonly key: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // ecdsa-with-SHA256 and id-at-commonName as encoded object identifiers.
  const algorithm = element(SEQUENCE, Buffer.from('06082a8648ce3d040302', 'hex'));
  const attribute = element(SEQUENCE, Buffer.from('0603550403', 'hex'), element(UTF8_STRING, Buffer.from(name)));
  const distinguishedName = element(SEQUENCE, element(SET, attribute));
  const signedPart = element(
    SEQUENCE,
    element(EXPLICIT_0, element(INTEGER, Buffer.of(2))),
    element(INTEGER, Buffer.of(1)),
    algorithm,
    distinguishedName,
    element(SEQUENCE, time(Date.now() - HOUR_MS), time(Date.now() + HOUR_MS)),
    distinguishedName,
    publicKey.export({ format: 'der', type: 'spki' }),
  );
  const signature = element(BIT_STRING, Buffer.of(0), sign('sha256', signedPart, privateKey));
  const base64 = element(SEQUENCE, signedPart, algorithm, signature).toString('base64');
  return {
    cert: Buffer.from(`-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`),
    key: Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' })),
  };
}

function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().slice(2, 19).replace(/[-T:]/g, '');
  return element(UTC_TIME, Buffer.from(`${digits}Z`));
}

/** One DER element, of less than 65,536 bytes. */
function element(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const lengthBytes = length < 0x80 ? [length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content]);
}
