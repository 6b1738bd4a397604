/**
 * Makes `secp256k1-made.json`: ECDSA, BIP340 and Diffie-Hellman on secp256k1, for which RFC 6979 prints nothing and the file of BIP340
 * no taproot tweaks.
 *
 *     node packages/algorithms/test/known-answers/make-secp256k1.ts > packages/algorithms/test/known-answers/secp256k1-made.json
 *
 * All arithmetic and hashing is that of @noble/curves and @noble/hashes; nothing of the code under test is imported.
 * The keys are test keys.
 */
import { ecdsa } from '@noble/curves/abstract/weierstrass.js';
import { schnorr, secp256k1, secp256k1_hasher } from '@noble/curves/secp256k1.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js';
import type { CHash } from '@noble/hashes/utils.js';

const { Fn } = secp256k1.Point;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const scalar = (value: bigint): Uint8Array => Fn.toBytes(value);
/** 32 bytes of a number that may be beyond the order. */
const bytes32 = (value: bigint): Uint8Array => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');

const PRIVATE_KEYS: Readonly<Record<string, Uint8Array>> = {
  'test key 1': sha256(utf8('first test key on secp256k1')),
  'test key 2': sha256(utf8('second test key on secp256k1')),
  one: scalar(1n),
  'n - 1': scalar(Fn.ORDER - 1n),
};

const DIGESTS: Readonly<Record<string, Uint8Array>> = {
  'of a message': sha256(utf8('sample')),
  'of another message': sha256(utf8('test')),
  zero: bytes32(0n),
  one: bytes32(1n),
  'n - 1': bytes32(Fn.ORDER - 1n),
  n: bytes32(Fn.ORDER),
  'n + 1': bytes32(Fn.ORDER + 1n),
  '2^256 - 1': bytes32(2n ** 256n - 1n),
};

function* ecdsaAnswers() {
  for (const [keyName, privateKey] of Object.entries(PRIVATE_KEYS)) {
    for (const [digestName, digest] of Object.entries(DIGESTS)) {
      yield {
        name: `key ${keyName}, digest ${digestName}`,
        digest: 'sha-256',
        expect: 'sign',
        privateKey: hex(privateKey),
        publicKey: hex(secp256k1.getPublicKey(privateKey, false)),
        payload: hex(digest),
        signature: hex(secp256k1.sign(digest, privateKey, { prehash: false, lowS: true, format: 'der' })),
      };
    }
  }

  // Digests wider and narrower than the order: nonces by HMAC with their own hash, which no engine of ours makes, so
  // that these are for verification.
  const hashes: Readonly<Record<string, CHash>> = { 'sha-1': sha1, 'sha-384': sha384, 'sha-512': sha512 };
  for (const [digestName, hash] of Object.entries(hashes)) {
    const scheme = ecdsa(secp256k1.Point, hash);
    const privateKey = sha256(utf8('first test key on secp256k1'));
    const digest = hash(utf8('sample'));
    yield {
      name: `digest by ${digestName}`,
      digest: digestName,
      expect: 'verify',
      privateKey: hex(privateKey),
      publicKey: hex(scheme.getPublicKey(privateKey, false)),
      payload: hex(digest),
      signature: hex(scheme.sign(digest, privateKey, { prehash: false, lowS: true, format: 'der' })),
    };
  }
}

/** The recoverable form: r || s || recovery id. */
function* recoverableAnswers() {
  for (const [keyName, privateKey] of Object.entries(PRIVATE_KEYS)) {
    for (const [digestName, digest] of Object.entries(DIGESTS)) {
      const signature = secp256k1.Signature.fromBytes(
        secp256k1.sign(digest, privateKey, { prehash: false, lowS: true, format: 'recovered' }),
        'recovered',
      );
      yield {
        name: `key ${keyName}, digest ${digestName}, recoverable`,
        privateKey: hex(privateKey),
        publicKey: hex(secp256k1.getPublicKey(privateKey, false)),
        payload: hex(digest),
        signature: hex(signature.toBytes('compact')) + (signature.recovery ?? 4).toString(16).padStart(2, '0'),
      };
    }
  }
}

const SEEDS: Readonly<Record<string, Uint8Array>> = {
  'of 0 bytes': new Uint8Array(0),
  'of 32 bytes': sha256(utf8('seed')),
  'of 1024 bytes': new Uint8Array(1024).fill(0x55),
};

const DOMAINS: Readonly<Record<string, Uint8Array>> = {
  'of 1 byte': Uint8Array.of(0),
  'of a program': utf8('an example, version 1'),
  'of 255 bytes': new Uint8Array(255).fill(0x66),
};

function* dhAnswers() {
  for (const [keyName, privateKey] of Object.entries(PRIVATE_KEYS)) {
    for (const [domainName, domain] of Object.entries(DOMAINS)) {
      for (const [seedName, seed] of Object.entries(SEEDS)) {
        // Every pair with the first key; elsewhere one is enough.
        if (keyName !== 'test key 1' && (domainName !== 'of a program' || seedName !== 'of 32 bytes')) continue;
        const point = secp256k1_hasher.hashToCurve(seed, { DST: domain });
        const product = secp256k1.Point.fromAffine(point.toAffine()).multiply(Fn.fromBytes(privateKey));
        yield {
          name: `key ${keyName}, domain ${domainName}, seed ${seedName}`,
          privateKey: hex(privateKey),
          publicKey: hex(secp256k1.getPublicKey(privateKey, false)),
          domain: hex(domain),
          seed: hex(seed),
          output: hex(sha256(product.toBytes(true))),
        };
      }
    }
  }
}

const MESSAGES: Readonly<Record<string, Uint8Array>> = {
  'of 0 bytes': new Uint8Array(0),
  'of 1 byte': Uint8Array.of(0x11),
  'of 31 bytes': new Uint8Array(31).fill(0x22),
  'of 32 bytes': sha256(utf8('sample')),
  'of 33 bytes': new Uint8Array(33).fill(0x33),
  'of 500 bytes': new Uint8Array(500).fill(0x44),
};

const MERKLE_ROOTS: Readonly<Record<string, Uint8Array | undefined>> = {
  'no tweak': undefined,
  'an empty root': new Uint8Array(0),
  'a root': sha256(utf8('a merkle root')),
};

function* bip340Answers() {
  const noAuxRand = new Uint8Array(32);
  for (const [keyName, privateKey] of Object.entries(PRIVATE_KEYS)) {
    for (const [rootName, merkleRoot] of Object.entries(MERKLE_ROOTS)) {
      for (const [messageName, message] of Object.entries(MESSAGES)) {
        // Every message with the first key; elsewhere the usual one is enough.
        if (keyName !== 'test key 1' && messageName !== 'of 32 bytes') continue;
        const signingKey = merkleRoot === undefined ? privateKey : tapTweakedPrivateKey(privateKey, merkleRoot);
        yield {
          name: `key ${keyName}, ${rootName}, message ${messageName}`,
          privateKey: hex(privateKey),
          publicKey: hex(schnorr.getPublicKey(privateKey)),
          payload: hex(message),
          merkleRoot: merkleRoot === undefined ? undefined : hex(merkleRoot),
          signature: hex(schnorr.sign(message, signingKey, noAuxRand)),
        };
      }
    }
  }
}

/** BIP341, "Constructing and spending Taproot outputs", taproot_tweak_seckey. */
function tapTweakedPrivateKey(privateKey: Uint8Array, merkleRoot: Uint8Array): Uint8Array {
  const hasEvenY = secp256k1.getPublicKey(privateKey, true)[0] === 0x02;
  const d = Fn.fromBytes(privateKey);
  const internalKey = schnorr.getPublicKey(privateKey);
  const tweak = Fn.fromBytes(schnorr.utils.taggedHash('TapTweak', internalKey, merkleRoot));
  return Fn.toBytes(Fn.add(hasEvenY ? d : Fn.neg(d), tweak));
}

const ANSWERS = {
  'ecdsa-secp256k1': [...ecdsaAnswers()],
  'ecdsa-secp256k1-recoverable': [...recoverableAnswers()],
  bip340: [...bip340Answers()],
  'dh-secp256k1': [...dhAnswers()],
};
console.log(JSON.stringify(ANSWERS, null, 2));
