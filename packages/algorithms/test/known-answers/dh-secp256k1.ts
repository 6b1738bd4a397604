import { createHash } from 'node:crypto';
import type { KnownAnswer, KnownAnswers, MadeAnswer } from './known-answer.ts';
import { readMadeAnswers } from './made-answers.ts';

const MAKER: MadeAnswer = {
  tool: '@noble/curves',
  version: '2.4.0',
  command: 'node packages/algorithms/test/known-answers/make-secp256k1.ts',
};

interface MadeFile {
  readonly 'dh-secp256k1': readonly {
    readonly name: string;
    readonly privateKey: string;
    readonly publicKey: string;
    readonly domain: string;
    readonly seed: string;
    readonly output: string;
  }[];
}

/** RFC 9380, appendix J.8.1: the point of a message, for the suite secp256k1_XMD:SHA-256_SSWU_RO_. */
const RFC_9380_DOMAIN = 'QUUX-V01-CS02-with-secp256k1_XMD:SHA-256_SSWU_RO_';
const RFC_9380 = [
  {
    message: '',
    x: 'c1cae290e291aee617ebaef1be6d73861479c48b841eaba9b7b5852ddfeb1346',
    y: '64fa678e07ae116126f08b022a94af6de15985c996c3a91b64c406a960e51067',
  },
  {
    message: 'abc',
    x: '3377e01eab42db296b512293120c6cee72b6ecf9f9205760bd9ff11fb3cb2c4b',
    y: '7f95890f33efebd1044d382a01b1bee0900fb6116f94688d487c6c7b9c8371f6',
  },
  {
    message: 'abcdef0123456789',
    x: 'bac54083f293f1fe08e4a70137260aa90783a5cb84d3f35848b324d0674b0e3a',
    y: '4436476085d4c3c4508b60fcf4389c40176adce756b398bdee27bca19758d828',
  },
  {
    message: `q128_${'q'.repeat(128)}`,
    x: 'e2167bc785333a37aa562f021f1e881defb853839babf52a7f72b102e41890e9',
    y: 'f2401dd95cc35867ffed4f367cd564763719fbc6a53e969fb8496a1e6685d873',
  },
  {
    message: `a512_${'a'.repeat(512)}`,
    x: 'e3c8d35aaaf0b9b647e88a0a0a7ee5d5bed5ad38238152e4e6fd8c1f8cb7c998',
    y: '8446eeb6181bf12f56a9d24e262221cc2f0c4725c7e3803024b5888ee5823aa6',
  },
] as const;

/** The generator (SEC 2, version 2, section 2.4.1): the public key of the private key 1, under which a point is its own. */
const GENERATOR =
  '0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8';

export function dhSecp256k1KnownAnswers(): KnownAnswers {
  const made = readMadeAnswers<MadeFile>('./secp256k1-made.json')['dh-secp256k1'];
  return {
    cases: [
      ...RFC_9380.map(
        ({ message, x, y }): KnownAnswer => ({
          name: `RFC 9380, J.8.1, ${message.length} bytes, times one`,
          source: { standard: 'RFC 9380', section: 'J.8.1' },
          privateKeyHex: '1'.padStart(64, '0'),
          publicKeyHex: GENERATOR,
          payload: { kind: 'message', hex: hexOf(message) },
          options: { domain: Buffer.from(RFC_9380_DOMAIN) },
          signatureHex: createHash('sha256').update(compressed(x, y), 'hex').digest('hex'),
          expect: 'sign',
        }),
      ),
      ...made.map(
        (answer): KnownAnswer => ({
          name: answer.name,
          source: MAKER,
          privateKeyHex: answer.privateKey,
          publicKeyHex: answer.publicKey,
          payload: { kind: 'message', hex: answer.seed },
          options: { domain: Buffer.from(answer.domain, 'hex') },
          signatureHex: answer.output,
          expect: 'sign',
        }),
      ),
    ],
  };
}

function compressed(x: string, y: string): string {
  return (Number.parseInt(y.slice(-1), 16) % 2 === 0 ? '02' : '03') + x;
}

function hexOf(text: string): string {
  return Buffer.from(text).toString('hex');
}
