/**
 * Makes `rsa-made.json`: RSA signatures by textbook arithmetic over BigInt and the encodings of RFC 8017, sections 9.1
 * and 9.2, written out. Nothing of the code under test is imported; the keys follow from their names; and each answer
 * is checked by the system's `openssl` (3.0 or newer) before it is printed.
 *
 *     node packages/algorithms/test/known-answers/make-rsa.ts > packages/algorithms/test/known-answers/rsa-made.json
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Our name, Node's and OpenSSL's, and DER of DigestInfo up to the digest (RFC 8017, section 9.2, note 1). */
const nist = (arc: string, bytes: number) =>
  `30${hexByte(17 + bytes)}300d0609608648016503040 2${arc}050004${hexByte(bytes)}`.replace(' ', '');
const HASHES = {
  'sha-1': ['sha1', '3021300906052b0e03021a05000414'],
  'sha-224': ['sha224', nist('04', 28)],
  'sha-256': ['sha256', nist('01', 32)],
  'sha-384': ['sha384', nist('02', 48)],
  'sha-512': ['sha512', nist('03', 64)],
  'sha3-224': ['sha3-224', nist('07', 28)],
  'sha3-256': ['sha3-256', nist('08', 32)],
  'sha3-384': ['sha3-384', nist('09', 48)],
  'sha3-512': ['sha3-512', nist('0a', 64)],
  ripemd160: ['ripemd160', '3021300906052b2403020105000414'],
  ssl3: ['md5-sha1', ''],
} as const;
type HashName = keyof typeof HASHES;

interface Key {
  readonly n: bigint;
  readonly e: bigint;
  readonly d: bigint;
  readonly p: bigint;
  readonly q: bigint;
}

function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

function digestOf(hash: HashName, ...parts: readonly Uint8Array[]): Buffer {
  const hasher = createHash(HASHES[hash][0]);
  for (const part of parts) hasher.update(part);
  return hasher.digest();
}

const toInteger = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`);

function toBytes(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex');
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value % modulus, modulus, 1n, 0n];
  while (b > 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  if (a !== 1n) throw new Error('not invertible');
  return ((x % modulus) + modulus) % modulus;
}

function isProbablePrime(candidate: bigint): boolean {
  let odd = candidate - 1n;
  let twos = 0;
  for (; (odd & 1n) === 0n; odd >>= 1n) twos++;
  const isWitness = (base: bigint): boolean => {
    let x = power(base, odd, candidate);
    if (x === 1n || x === candidate - 1n) return false;
    for (let step = 1; step < twos; step++) {
      x = (x * x) % candidate;
      if (x === candidate - 1n) return false;
    }
    return true;
  };
  return ![2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n, 31n, 37n].some(isWitness);
}

/** `length` bytes that follow from a text. */
function stretch(text: string, length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 64) }, (_, index) =>
    digestOf('sha-512', Buffer.from(`${text} ${index}`)),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

function makePrime(text: string, bits: number, e: bigint): bigint {
  const top = 3n << BigInt(bits - 2);
  let candidate = (toInteger(stretch(text, Math.ceil(bits / 8))) & ((1n << BigInt(bits)) - 1n)) | top | 1n;
  while (candidate % e === 1n || !isProbablePrime(candidate)) candidate += 2n;
  return candidate;
}

function makeKey(name: string, bits: number, e: bigint): Key {
  const p = makePrime(`test prime p of ${name}`, Math.ceil(bits / 2), e);
  const q = makePrime(`test prime q of ${name}`, Math.floor(bits / 2), e);
  return { n: p * q, e, d: inverse(e, (p - 1n) * (q - 1n)), p, q };
}

function der(tag: number, contents: Uint8Array): Buffer {
  const { length } = contents;
  const header = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...header]), contents]);
}

function derInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  return der(2, Buffer.from(hex.length % 2 ? `0${hex}` : /^[89a-f]/.test(hex) ? `00${hex}` : hex, 'hex'));
}

const rsaPublicKey = ({ n, e }: Key) => der(0x30, Buffer.concat([n, e].map(derInteger)));

const rsaPrivateKey = ({ n, e, d, p, q }: Key) =>
  der(0x30, Buffer.concat([0n, n, e, d, p, q, d % (p - 1n), d % (q - 1n), inverse(q, p)].map(derInteger)));

function sign(key: Key, encoded: Uint8Array): Buffer {
  return toBytes(power(toInteger(encoded), key.d, key.n), modulusBytes(key));
}

const modulusBits = (key: Key) => key.n.toString(2).length;
const modulusBytes = (key: Key) => Math.ceil(modulusBits(key) / 8);

/** EMSA-PKCS1-v1_5-ENCODE, section 9.2. */
function encodePkcs1(hash: HashName, digest: Uint8Array, length: number): Buffer {
  const info = Buffer.concat([Buffer.from(HASHES[hash][1], 'hex'), digest]);
  return Buffer.concat([Buffer.of(0, 1), Buffer.alloc(length - info.length - 3, 0xff), Buffer.of(0), info]);
}

/** MGF1, appendix B.2.1. */
function mgf1(hash: HashName, seed: Uint8Array, length: number): Buffer {
  const blocks: Buffer[] = [];
  for (let counter = 0; blocks.length * 20 < length; counter++) {
    blocks.push(digestOf(hash, seed, Buffer.of(counter >> 24, counter >> 16, counter >> 8, counter)));
  }
  return Buffer.concat(blocks).subarray(0, length);
}

/** EMSA-PSS-ENCODE, section 9.1.1. */
function encodePss(hash: HashName, mgfHash: HashName, digest: Uint8Array, salt: Uint8Array, bits: number): Buffer {
  const length = Math.ceil(bits / 8);
  const h = digestOf(hash, Buffer.alloc(8), digest, salt);
  const db = Buffer.concat([Buffer.alloc(length - salt.length - h.length - 2), Buffer.of(1), salt]);
  const mask = mgf1(mgfHash, h, db.length);
  const masked = db.map((byte, index) => byte ^ (mask[index] ?? 0));
  masked[0] = (masked[0] ?? 0) & (0xff >> (8 * length - bits));
  return Buffer.concat([masked, h, Buffer.of(0xbc)]);
}

function checkWithOpenssl(key: Key, hash: HashName, mgfHash: HashName | undefined, digest: Buffer, signature: Buffer) {
  const folder = mkdtempSync(join(tmpdir(), 'rsa-answers-'));
  const path = (name: string) => join(folder, name);
  try {
    const rsaEncryption = Buffer.from('300d06092a864886f70d0101010500', 'hex');
    const bitString = der(3, Buffer.concat([Buffer.of(0), rsaPublicKey(key)]));
    writeFileSync(path('key'), der(0x30, Buffer.concat([rsaEncryption, bitString])));
    writeFileSync(path('digest'), digest);
    writeFileSync(path('signature'), signature);
    const padding =
      mgfHash === undefined
        ? ['rsa_padding_mode:pkcs1']
        : ['rsa_padding_mode:pss', `rsa_mgf1_md:${HASHES[mgfHash][0]}`, 'rsa_pss_saltlen:auto'];
    const options = [`digest:${HASHES[hash][0]}`, ...padding].flatMap((option) => ['-pkeyopt', option]);
    const files = ['-inkey', path('key'), '-in', path('digest'), '-sigfile', path('signature')];
    execFileSync('openssl', ['pkeyutl', '-verify', '-pubin', '-keyform', 'DER', ...files, ...options]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function describeKey(key: Key) {
  return {
    parameters: { modulusBits: modulusBits(key), publicExponent: Number(key.e) },
    privateKey: rsaPrivateKey(key).toString('hex'),
    publicKey: rsaPublicKey(key).toString('hex'),
  };
}

const keys: Record<string, Key> = {
  'rsa-1024-e3': makeKey('rsa-1024-e3', 1024, 3n),
  'rsa-2047': makeKey('rsa-2047', 2047, 65537n),
  'rsa-2048': makeKey('rsa-2048', 2048, 65537n),
  'rsa-3072': makeKey('rsa-3072', 3072, 65537n),
};
const names = Object.keys(HASHES) as HashName[];

function makePkcs1(keyName: string, hash: HashName) {
  const key = keys[keyName] as Key;
  const digest = digestOf(hash, Buffer.from(`message for ${hash}`));
  const signature = sign(key, encodePkcs1(hash, digest, modulusBytes(key)));
  checkWithOpenssl(key, hash, undefined, digest, signature);
  return { key: keyName, digest: hash, payload: digest.toString('hex'), signature: signature.toString('hex') };
}

function makePss(keyName: string, hash: HashName, mgf1Digest: HashName, saltBytes: number) {
  const key = keys[keyName] as Key;
  const digest = digestOf(hash, Buffer.from(`message for ${hash}`));
  const salt = stretch(`salt for ${hash}`, saltBytes);
  const signature = sign(key, encodePss(hash, mgf1Digest, digest, salt, modulusBits(key) - 1));
  checkWithOpenssl(key, hash, mgf1Digest, digest, signature);
  return {
    key: keyName,
    digest: hash,
    mgf1Digest,
    saltBytes,
    payload: digest.toString('hex'),
    signature: signature.toString('hex'),
  };
}

const made = {
  keys: Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, describeKey(key)])),
  pkcs1: [
    ...names.map((hash) => makePkcs1('rsa-2048', hash)),
    makePkcs1('rsa-1024-e3', 'sha-512'),
    makePkcs1('rsa-2047', 'sha-256'),
    makePkcs1('rsa-3072', 'sha-384'),
  ],
  pss: [
    ...names.filter((hash) => hash !== 'ssl3').map((hash) => makePss('rsa-2048', hash, hash, digestOf(hash).length)),
    makePss('rsa-2048', 'sha-256', 'sha-1', 32),
    makePss('rsa-2048', 'sha-512', 'sha3-256', 64),
    makePss('rsa-2048', 'sha-256', 'sha-256', 0),
    makePss('rsa-2048', 'sha-256', 'sha-256', 222),
    makePss('rsa-2047', 'sha-256', 'sha-256', 32),
    makePss('rsa-3072', 'sha-384', 'sha-384', 20),
    makePss('rsa-1024-e3', 'sha-384', 'sha-384', 48),
  ],
};
console.log(JSON.stringify(made, null, 2));
