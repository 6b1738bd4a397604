import type { DigestName } from '../../src/digests.ts';
import { readEcdsaSignature, writeEcdsaSignature } from '../../src/ecdsa-signature.ts';
import { bytesFromHex, type KnownAnswer, type KnownAnswers, type MadeAnswer } from './known-answer.ts';
import { readMadeAnswers } from './made-answers.ts';

interface MadeEcdsa {
  readonly name: string;
  readonly digest: DigestName;
  readonly expect: 'sign' | 'verify';
  readonly privateKey: string;
  readonly publicKey: string;
  readonly payload: string;
  readonly signature: string;
}

type MadeRecoverable = Pick<MadeEcdsa, 'name' | 'privateKey' | 'publicKey' | 'payload' | 'signature'>;

interface MadeFile {
  readonly 'ecdsa-secp256k1-recoverable': readonly MadeRecoverable[];
  readonly 'ecdsa-secp256k1': readonly MadeEcdsa[];
}

const MAKER: MadeAnswer = {
  tool: '@noble/curves',
  version: '2.4.0',
  command: 'node packages/algorithms/test/known-answers/make-secp256k1.ts',
};

/** SEC 2, version 2, section 2.4.1. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Low-S, RFC 6979 with SHA-256. RFC 6979 itself prints no answers for this curve. */
export function ecdsaSecp256k1KnownAnswers(): KnownAnswers {
  const file = readMadeAnswers<MadeFile>('./secp256k1-made.json');
  const made = file['ecdsa-secp256k1'];
  const recoverable = file['ecdsa-secp256k1-recoverable'];
  const [first] = made;
  const [firstRecoverable] = recoverable;
  if (first === undefined || firstRecoverable === undefined) throw new Error('secp256k1-made.json has no ECDSA');
  return {
    cases: [
      ...made.map(
        (answer): KnownAnswer => ({
          ...base(answer),
          privateKeyHex: answer.privateKey,
          options: { deterministic: answer.expect === 'sign' },
          signatureHex: answer.signature,
          expect: answer.expect,
        }),
      ),
      ...variants(first),
      ...recoverable.map((answer) => recoverableCase(answer, {})),
      ...recoverableVariants(firstRecoverable),
    ],
  };
}

function base(answer: MadeEcdsa) {
  return {
    name: answer.name,
    source: MAKER,
    publicKeyHex: answer.publicKey,
    payload: { kind: 'digest', hex: answer.payload, digest: answer.digest },
  } as const;
}

/** What a verifier must accept or refuse beside the signature that a signer makes. */
function variants(answer: MadeEcdsa): KnownAnswer[] {
  const rs = readEcdsaSignature(bytesFromHex(answer.signature), 32);
  if (rs === undefined) throw new Error('secp256k1-made.json has a signature that is not DER');
  const rHex = hexOf(rs.subarray(0, 32));
  const sHex = hexOf(rs.subarray(32));
  const s = BigInt(`0x${sHex}`);
  const standard = (section: string) => ({ source: { standard: 'SEC 1, version 2', section } });
  const strictDer = { source: { standard: 'X.690', section: '10.1, 8.3.2 and 11' } };
  const refuse = { ...base(answer), options: {}, expect: 'reject' } as const;
  const contents = answer.signature.slice(4);

  return [
    {
      ...base(answer),
      ...standard('4.1.4: n - s is as good as s; only we ourselves make low ones'),
      name: 'a high s, which others make',
      options: {},
      signatureHex: derHex(rHex, hex32(ORDER - s)),
      expect: 'verify',
    },
    { ...refuse, ...standard('4.1.4, step 1'), name: 'r = 0', signatureHex: derHex(hex32(0n), sHex) },
    { ...refuse, ...standard('4.1.4, step 1'), name: 's = 0', signatureHex: derHex(rHex, hex32(0n)) },
    { ...refuse, ...standard('4.1.4, step 1'), name: 'r = n', signatureHex: derHex(hex32(ORDER), sHex) },
    { ...refuse, ...standard('4.1.4, step 1'), name: 's = n', signatureHex: derHex(rHex, hex32(ORDER)) },
    { ...refuse, ...standard('4.1.4, step 1'), name: 'r = s = 0', signatureHex: derHex(hex32(0n), hex32(0n)) },
    { ...refuse, ...strictDer, name: 'a byte after the signature', signatureHex: `${answer.signature}00` },
    {
      ...refuse,
      ...strictDer,
      name: 'a long form of the length',
      signatureHex: `3081${answer.signature.slice(2, 4)}${contents}`,
    },
    { ...refuse, ...strictDer, name: 'no DER but r || s', signatureHex: rHex + sHex },
    { ...refuse, ...strictDer, name: 'nothing', signatureHex: '' },
    {
      ...refuse,
      ...standard('2.3.4: y must solve the equation'),
      name: 'a public key off the curve',
      publicKeyHex: answer.publicKey.slice(0, -2) + hexOf(Uint8Array.of(parseInt(answer.publicKey.slice(-2), 16) ^ 1)),
      signatureHex: answer.signature,
    },
    {
      ...refuse,
      ...standard('2.3.4: the hybrid form is for those who opt in'),
      name: 'a public key in the hybrid form',
      publicKeyHex: (parseInt(answer.publicKey.slice(-2), 16) % 2 === 0 ? '06' : '07') + answer.publicKey.slice(2),
      signatureHex: answer.signature,
    },
    {
      ...base(answer),
      name: 'deterministic with SHA-512, which no engine has a nonce function for',
      source: { standard: 'RFC 6979', section: '3.2: the HMAC is that of the hash' },
      payload: { kind: 'digest', hex: '00'.repeat(64), digest: 'sha-512' },
      options: { deterministic: true },
      signatureHex: answer.signature,
      expect: 'reject',
    },
  ];
}

/** The digest goes without a name: chains use hashes that have none here. */
function recoverableCase(answer: MadeRecoverable, changed: Partial<KnownAnswer>): KnownAnswer {
  return {
    name: answer.name,
    source: MAKER,
    privateKeyHex: answer.privateKey,
    publicKeyHex: answer.publicKey,
    payload: { kind: 'digest', hex: answer.payload },
    options: { deterministic: true, recoverable: true },
    signatureHex: answer.signature,
    expect: 'sign',
    ...changed,
  };
}

function recoverableVariants(answer: MadeRecoverable): KnownAnswer[] {
  const [rHex, sHex] = [answer.signature.slice(0, 64), answer.signature.slice(64, 128)];
  const recoveryId = Number.parseInt(answer.signature.slice(128), 16);
  const highS = hex32(ORDER - BigInt(`0x${sHex}`));
  const standard = (section: string) => ({ source: { standard: 'SEC 1, version 2', section } });
  const form = (r: string, s: string, id: number) => r + s + id.toString(16).padStart(2, '0');
  const reject = (name: string, section: string, signatureHex: string): KnownAnswer =>
    recoverableCase(answer, { name, ...standard(section), signatureHex, expect: 'reject' });
  return [
    recoverableCase(answer, {
      name: 'recoverable, a high s with its own recovery id, which others make',
      ...standard('4.1.6: -R belongs to n - s'),
      signatureHex: form(rHex, highS, recoveryId ^ 1),
      expect: 'verify',
    }),
    reject('recoverable, a high s with the recovery id of the low one', '4.1.6', form(rHex, highS, recoveryId)),
    ...[0, 1, 2, 3, 4, 27, 255]
      .filter((id) => id !== recoveryId)
      .map((id) => reject(`recovery id ${id} instead of ${recoveryId}`, '4.1.6', form(rHex, sHex, id))),
    reject('recoverable, r = 0', '4.1.4, step 1', form(hex32(0n), sHex, recoveryId)),
    reject('recoverable, s = 0', '4.1.4, step 1', form(rHex, hex32(0n), recoveryId)),
    reject('recoverable, r = n', '4.1.4, step 1', form(hex32(ORDER), sHex, recoveryId)),
    reject('recoverable, s = n', '4.1.4, step 1', form(rHex, hex32(ORDER), recoveryId)),
    reject('recoverable, without the recovery id', '4.1.6', rHex + sHex),
    reject('recoverable, as DER', '4.1.6', derHex(rHex, sHex)),
  ];
}

function derHex(rHex: string, sHex: string): string {
  const out = new Uint8Array(80);
  return hexOf(out.subarray(0, writeEcdsaSignature(bytesFromHex(rHex + sHex), out)));
}

function hex32(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
