/**
 * What every algorithm must do on every engine that loads on this machine. It iterates over the registry: an algorithm
 * that is added without known answers fails here, and one with them is tested without a line in this file.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodedPrivateKeys } from '../test/encoded-private-keys.ts';
import { bytesFromHex, type KnownAnswer, type KnownAnswers, payloadOf } from '../test/known-answers/known-answer.ts';
import { KNOWN_ANSWERS } from '../test/known-answers/known-answers.ts';
import type { Algorithm, KeyParameters, PreparedPayload, Scheme, SigningOptions } from './algorithm.ts';
import {
  type Engine,
  EngineFailure,
  type EngineFailureCode,
  EngineUnavailable,
  type KeyMaterial,
  type SigningKey,
  type VerifyingKey,
} from './engine.ts';
import { allAlgorithms, findAlgorithm } from './registry.ts';

interface LoadedEngine {
  readonly name: string;
  readonly engine: Engine;
}

interface Subject {
  readonly algorithm: Algorithm;
  readonly known: KnownAnswers;
  readonly engines: readonly LoadedEngine[];
  readonly unavailable: readonly { readonly name: string; readonly reason: string }[];
}

/** Only these need something beyond `npm ci`: a system package, or a platform that there's a prebuilt binary for. */
const HAS_PREBUILT_SECP256K1 = ['linux-x64', 'darwin-arm64', 'win32-x64'].includes(
  `${process.platform}-${process.arch}`,
);
const MAY_BE_ABSENT: ReadonlySet<string> = new Set(
  HAS_PREBUILT_SECP256K1 ? ['libsecp256k1'] : ['libsecp256k1', 'secp256k1-npm'],
);

const subjects: readonly Subject[] = await Promise.all(allAlgorithms().map(loadSubject));

async function loadSubject(algorithm: Algorithm): Promise<Subject> {
  const engines: LoadedEngine[] = [];
  const unavailable: { name: string; reason: string }[] = [];
  for (const binding of algorithm.engines) {
    try {
      engines.push({ name: binding.name, engine: await binding.load() });
    } catch (error) {
      if (!(error instanceof EngineUnavailable)) throw error;
      unavailable.push({ name: binding.name, reason: error.message });
    }
  }
  const known = KNOWN_ANSWERS[algorithm.name]?.() ?? { cases: [] };
  return { algorithm, known, engines, unavailable };
}

describe('the registry', () => {
  it('lists every algorithm under a name of its own', () => {
    const names = allAlgorithms().map((algorithm) => algorithm.name);
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
    for (const algorithm of allAlgorithms()) expect(findAlgorithm(algorithm.name)).toBe(algorithm);
  });

  it('knows no other name', () => {
    for (const name of ['', 'rot13', 'ED25519', '__proto__', 'constructor', 'toString']) {
      expect(findAlgorithm(name)).toBeUndefined();
    }
  });

  it('has no known answers for an algorithm that does not exist', () => {
    for (const name of Object.keys(KNOWN_ANSWERS)) expect(findAlgorithm(name)?.name).toBe(name);
  });
});

describe.each(subjects)('$algorithm.name', (subject) => {
  const { algorithm, known, engines, unavailable } = subject;
  const parameters = defaultParameters(algorithm);
  const ways = waysToSign(subject, parameters);

  it('has known answers, among them one that is signed or verified', () => {
    expect(known.cases.length).toBeGreaterThan(0);
    expect(known.cases.some((answer) => answer.expect !== 'reject')).toBe(true);
    const titles = known.cases.map((answer) => answer.name);
    expect(new Set(titles).size).toBe(titles.length);
  });

  it('has a way to sign among its known answers', () => {
    expect(ways.length).toBeGreaterThan(0);
  });

  it('refuses a parameter that it does not know', () => {
    expect(algorithm.parseParameters({ noSuchParameter: 1 })).toMatchObject({ ok: false });
  });

  it('prepares schemes that survive JSON', () => {
    for (const { prepared } of ways) expect(JSON.parse(JSON.stringify(prepared.scheme))).toEqual(prepared.scheme);
  });

  for (const { source, reason } of known.skipped ?? []) it.skip(`agrees with ${source} (${reason})`, () => {});
  for (const { name, reason } of unavailable) it.skip(`runs on ${name} (${reason})`, () => {});

  it('runs on every engine that npm installs on this machine', () => {
    const missing = unavailable.filter(({ name }) => !MAY_BE_ABSENT.has(name));
    expect(missing).toEqual([]);
  });

  describe.each([...engines])('on $name', ({ name, engine }) => {
    it('says which library it is', () => {
      expect(engine.description).toMatch(/\d/);
    });

    it('makes a key, loads it, and derives the same public key', () => {
      const material = engine.generate(parameters);
      const key = engine.loadPrivate(material.privateKey, material.parameters);
      expect(hex(key.publicKey)).toBe(hex(material.publicKey));
      key.destroy();
    });

    it('makes another key each time', () => {
      const [one, two] = [materialOf(engine, parameters, 0), materialOf(engine, parameters, 1)];
      expect(hex(one.publicKey)).not.toBe(hex(two.publicKey));
      expect(hex(one.privateKey)).not.toBe(hex(two.privateKey));
    });

    it('keeps no reference to the private key that it was given', () => {
      const material = materialOf(engine, parameters);
      const given = Uint8Array.from(material.privateKey);
      const key = engine.loadPrivate(given, material.parameters);
      given.fill(0);
      const verifying = checkingKey(algorithm, engine, material);
      for (const { prepared } of ways) {
        const signature = signOnce(key, prepared);
        if (signature !== undefined) expect(verify(verifying, prepared, signature)).toBe(true);
      }
      key.destroy();
    });

    if (algorithm.operation === 'derive') {
      it('says that a public key alone can check nothing', () => {
        const { publicKey, parameters: own } = materialOf(engine, parameters);
        const verifying = engine.loadPublic(publicKey, own);
        for (const { prepared } of ways) {
          expect(failureOf(() => verifying.verifier(prepared.scheme))).toBe('unsupported');
          const unknown = { ...prepared.scheme, noSuchMember: true };
          expect(failureOf(() => verifying.verifier(unknown))).toBe('invalid_scheme');
        }
      });
    }

    it('signs in every way that its known answers name, and verifies it', () => {
      const { key, verifying, longest } = freshKey(subject, engine, parameters);
      const done: string[] = [];
      for (const { title, prepared } of ways) {
        const before = hex(prepared.bytes);
        const signature = signOnce(key, prepared);
        if (signature === undefined) continue;
        expect(signature.length, title).toBeLessThanOrEqual(longest);
        expect(hex(prepared.bytes), title).toBe(before);
        expect(verify(verifying, prepared, signature), title).toBe(true);
        done.push(title);
      }
      expect(done.length).toBeGreaterThan(0);
      key.destroy();
    });

    it('gives the same signature twice exactly where it was asked to', () => {
      const { key } = freshKey(subject, engine, parameters);
      for (const { title, prepared, deterministic } of ways) {
        if (!deterministic) continue;
        const first = signOnce(key, prepared);
        if (first !== undefined) expect(hex(signOnce(key, prepared) ?? []), title).toBe(hex(first));
      }
      key.destroy();
    });

    it('gives another signature each time where it was left a choice', () => {
      const { key } = freshKey(subject, engine, parameters);
      for (const { title, prepared, hedged } of ways) {
        if (!hedged) continue;
        const first = signOnce(key, prepared);
        if (first !== undefined) expect(hex(signOnce(key, prepared) ?? []), title).not.toBe(hex(first));
      }
      key.destroy();
    });

    it('verifies no signature with a flipped bit, and none over a payload with one', () => {
      const { key, verifying } = freshKey(subject, engine, parameters);
      const signed = ways.flatMap(({ prepared }) => {
        const signature = signOnce(key, prepared);
        return signature === undefined ? [] : [{ prepared, signature }];
      });
      fc.assert(
        fc.property(fc.constantFrom(...signed), fc.nat(), fc.boolean(), ({ prepared, signature }, bit, inPayload) => {
          if (inPayload && prepared.bytes.length > 0) {
            const bytes = flipBit(prepared.bytes, bit % (8 * COUNTED_BYTES));
            return !verify(verifying, { ...prepared, bytes }, signature);
          }
          return !verify(verifying, prepared, flipBit(signature, bit));
        }),
        { numRuns: 40 },
      );
      key.destroy();
    });

    it('verifies no signature that was cut, extended, emptied or is of another key', () => {
      const { key, verifying } = freshKey(subject, engine, parameters);
      const other = freshKey(subject, engine, parameters, 1);
      for (const { title, prepared } of ways) {
        const signature = signOnce(key, prepared);
        if (signature === undefined) continue;
        for (const wrong of [
          signature.subarray(0, -1),
          signature.subarray(1),
          Uint8Array.of(...signature, 0),
          new Uint8Array(0),
          new Uint8Array(signature.length),
          new Uint8Array(signature.length).fill(0xff),
        ]) {
          expect(verify(verifying, prepared, wrong), title).toBe(false);
        }
        expect(verify(other.verifying, prepared, signature), title).toBe(false);
      }
      key.destroy();
      other.key.destroy();
    });

    it('throws, and signs nothing, once a key is destroyed', () => {
      const { key, longest } = freshKey(subject, engine, parameters);
      const signers = ways.flatMap(({ prepared }) => {
        const sign = compile(key, prepared.scheme);
        return sign === undefined ? [] : [{ sign, prepared }];
      });
      expect(signers.length).toBeGreaterThan(0);
      key.destroy();
      key.destroy();
      for (const { sign, prepared } of signers) {
        const out = new Uint8Array(longest);
        expect(() => sign(prepared.bytes, out)).toThrow();
        expect(out.every((byte) => byte === 0)).toBe(true);
        expect(() => key.signer(prepared.scheme)).toThrow();
      }
    });

    it('lets one key be destroyed without harm to another', () => {
      const one = freshKey(subject, engine, parameters);
      const two = freshKey(subject, engine, parameters, 1);
      one.key.destroy();
      for (const { prepared } of ways) {
        const signature = signOnce(two.key, prepared);
        if (signature !== undefined) expect(verify(two.verifying, prepared, signature)).toBe(true);
      }
      two.key.destroy();
    });

    it('writes nothing beyond the signature', () => {
      const { key, longest } = freshKey(subject, engine, parameters);
      for (const { title, prepared } of ways) {
        const sign = compile(key, prepared.scheme);
        if (sign === undefined) continue;
        const out = new Uint8Array(longest + 16).fill(0xa5);
        const length = sign(prepared.bytes, out.subarray(0, longest));
        expect(length, title).toBeLessThanOrEqual(longest);
        expect(hex(out.subarray(longest)), title).toBe('a5'.repeat(16));
      }
      key.destroy();
    });

    it('refuses a scheme with an unknown member, for signing and for verifying', () => {
      const { key, verifying } = freshKey(subject, engine, parameters);
      for (const { prepared } of ways) {
        const scheme = { ...prepared.scheme, noSuchMember: true };
        expect(failureOf(() => key.signer(scheme))).toBe('invalid_scheme');
        expect(failureOf(() => verifying.verifier(scheme))).toBe('invalid_scheme');
      }
      key.destroy();
    });

    it('refuses public keys of a wrong length', () => {
      const { publicKey, parameters: own } = materialOf(engine, parameters);
      const wrong = [
        new Uint8Array(0),
        publicKey.subarray(0, -1),
        publicKey.subarray(1),
        Uint8Array.of(...publicKey, 0),
        Uint8Array.of(0, ...publicKey),
      ];
      for (const candidate of wrong) {
        expect(
          failureOf(() => engine.loadPublic(candidate, own)),
          `length ${candidate.length}`,
        ).toBe('invalid_key');
      }
    });

    it('refuses private keys of a wrong length', () => {
      const { privateKey, parameters: own } = materialOf(engine, parameters);
      for (const candidate of [
        new Uint8Array(0),
        Uint8Array.from(privateKey.subarray(0, -1)),
        Uint8Array.of(...privateKey, 0),
      ]) {
        expect(
          failureOf(() => engine.loadPrivate(candidate, own)),
          `length ${candidate.length}`,
        ).toBe('invalid_key');
      }
    });

    const encodings = encodedPrivateKeys(algorithm.name);

    it('imports private keys as another implementation encodes them', () => {
      expect(encodings.length).toBeGreaterThan(0);
      for (const encoding of encodings) {
        const material = engine.importPrivate(encoding.privateKey);
        const spki = algorithm.encodeSpki(material.publicKey, material.parameters);
        expect(hex(spki ?? material.publicKey), encoding.name).toBe(hex(encoding.publicKey));
        const key = engine.loadPrivate(material.privateKey, material.parameters);
        expect(hex(key.publicKey), encoding.name).toBe(hex(material.publicKey));
        key.destroy();
      }
    });

    it('imports nothing that is cut, extended or damaged', () => {
      for (const { name: encoding, privateKey } of encodings) {
        for (const damaged of [
          new Uint8Array(0),
          privateKey.subarray(0, -1),
          privateKey.subarray(1),
          Uint8Array.of(...privateKey, 0),
          new Uint8Array(privateKey.length),
          new Uint8Array(privateKey.length).fill(0xff),
        ]) {
          expect(
            failureOf(() => engine.importPrivate(damaged)),
            encoding,
          ).toBe('invalid_key');
        }
      }
    });

    it('answers arbitrary bytes with a refusal when it imports', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
          const failure = failureOf(() => engine.importPrivate(bytes));
          return failure === 'invalid_key' || failure === undefined;
        }),
        { numRuns: 50 },
      );
    });

    describe('known answers', () => {
      for (const answer of known.cases) it(answer.name, () => checkKnownAnswer(algorithm, name, engine, answer));
    });
  });

  const pairs = engines.flatMap((one) => engines.map((two) => ({ one, two }))).filter(({ one, two }) => one !== two);
  for (const { one, two } of pairs) {
    it(`${two.name} verifies what ${one.name} signs, and makes the same of it where it is deterministic`, () => {
      const material = materialOf(one.engine, parameters);
      const signer = one.engine.loadPrivate(material.privateKey, material.parameters);
      const other = two.engine.loadPrivate(material.privateKey, material.parameters);
      const verifying = checkingKey(algorithm, two.engine, material);
      expect(hex(other.publicKey)).toBe(hex(material.publicKey));
      const compared: string[] = [];
      for (const { title, prepared, deterministic } of ways) {
        const signature = signOnce(signer, prepared);
        if (signature === undefined || isUnsupported(() => verifying.verifier(prepared.scheme))) continue;
        expect(verify(verifying, prepared, signature), title).toBe(true);
        compared.push(title);
        const same = deterministic ? signOnce(other, prepared) : undefined;
        if (same !== undefined) expect(hex(same), title).toBe(hex(signature));
      }
      expect(compared.length).toBeGreaterThan(0);
      signer.destroy();
      other.destroy();
    });
  }
});

/** A payload and a scheme, one for each distinct scheme and length among the known answers. */
interface WayToSign {
  readonly title: string;
  readonly prepared: PreparedPayload;
  /** The signature is the same each time. */
  readonly deterministic: boolean;
  /** It's another each time. Neither: the answers don't tell. */
  readonly hedged: boolean;
}

function waysToSign({ algorithm, known }: Subject, parameters: KeyParameters): readonly WayToSign[] {
  const ways = new Map<string, WayToSign>();
  const add = (answer: KnownAnswer, options: SigningOptions, kind: Pick<WayToSign, 'deterministic' | 'hedged'>) => {
    const prepared = algorithm.prepare(payloadOf(answer.payload), options, parameters);
    if (!prepared.ok) return undefined;
    const scheme = JSON.stringify(prepared.value.scheme);
    const title = `${scheme}, ${prepared.value.bytes.length} bytes`;
    if (!ways.has(title)) ways.set(title, { title, prepared: prepared.value, ...kind });
    return scheme;
  };
  for (const answer of known.cases) {
    if (answer.expect === 'reject') continue;
    const scheme = add(answer, answer.options, { deterministic: answer.expect === 'sign', hedged: false });
    // An algorithm without a choice compiles both to one scheme.
    const options = { ...answer.options, deterministic: false };
    const other = algorithm.prepare(payloadOf(answer.payload), options, parameters);
    const hasChoice = other.ok && answer.expect === 'sign' && JSON.stringify(other.value.scheme) !== scheme;
    if (hasChoice) add(answer, options, { deterministic: false, hedged: true });
  }
  return [...ways.values()].slice(0, MAX_WAYS);
}

/** ECDSA looks at a digest's leftmost bits only, as many as the order has: 192 on the smallest curve. */
const COUNTED_BYTES = 24;

/** Enough for every scheme; known answers with many message lengths must not make RSA sign hundreds of times. */
const MAX_WAYS = 24;

function checkKnownAnswer(algorithm: Algorithm, engineName: string, engine: Engine, answer: KnownAnswer): void {
  const parameters = answer.parameters ?? defaultParameters(algorithm);
  const prepared = algorithm.prepare(payloadOf(answer.payload), answer.options, parameters);
  const publicKey = bytesFromHex(answer.publicKeyHex);
  const signature = bytesFromHex(answer.signatureHex);

  if (answer.expect === 'reject') {
    if (!prepared.ok) return;
    const accepted = failureOf(() => engine.loadPublic(publicKey, parameters)) !== 'invalid_key';
    if (accepted) expect(verify(engine.loadPublic(publicKey, parameters), prepared.value, signature)).toBe(false);
    return;
  }
  if (!prepared.ok) throw new Error(`prepare refused: ${prepared.reason}`);

  const loaded = loadKnownPrivateKey(engine, answer, parameters);
  const verifying = algorithm.operation === 'derive' ? deriveAgain(loaded) : engine.loadPublic(publicKey, parameters);
  const mayRefuse = engineName === 'node-crypto' || answer.unsupportedBy?.[engineName] !== undefined;

  if (!(mayRefuse && isUnsupported(() => verifying.verifier(prepared.value.scheme)))) {
    expect(verify(verifying, prepared.value, signature)).toBe(true);
  }
  if (loaded === undefined) {
    if (answer.expect === 'sign') throw new Error('a case that signs needs a private key');
    return;
  }
  expect(hex(loaded.publicKey)).toBe(answer.publicKeyHex);
  if (mayRefuse && isUnsupported(() => loaded.signer(prepared.value.scheme))) return;
  expect(answer.unsupportedBy?.[engineName], 'it is said to be unsupported').toBeUndefined();
  const own = sign(loaded, prepared.value);
  if (answer.expect === 'sign') expect(hex(own)).toBe(answer.signatureHex);
  else expect(verify(verifying, prepared.value, own)).toBe(true);
  loaded.destroy();
}

/** Only the fallback may refuse schemes without its known answers saying so; none may approximate. */
function isUnsupported(action: () => unknown): boolean {
  return failureOf(action) === 'unsupported';
}

function loadKnownPrivateKey(engine: Engine, answer: KnownAnswer, parameters: KeyParameters): SigningKey | undefined {
  if (answer.privateKeyHex !== undefined) {
    return engine.loadPrivate(bytesFromHex(answer.privateKeyHex), parameters);
  }
  if (answer.importedPrivateKeyHex === undefined) return undefined;
  const material = engine.importPrivate(bytesFromHex(answer.importedPrivateKeyHex));
  return engine.loadPrivate(material.privateKey, material.parameters);
}

function freshKey({ algorithm }: Subject, engine: Engine, parameters: KeyParameters, which: 0 | 1 = 0) {
  const material = materialOf(engine, parameters, which);
  return {
    key: engine.loadPrivate(material.privateKey, material.parameters),
    verifying: checkingKey(algorithm, engine, material),
    longest: algorithm.maxSignatureBytes(material.parameters),
  };
}

/**
 * Where the algorithm only derives, what checks a value is to derive it again; so that all that holds for signatures holds
 * for it: another payload, scheme or key gives another value.
 */
function checkingKey(algorithm: Algorithm, engine: Engine, material: KeyMaterial): VerifyingKey {
  return algorithm.operation === 'derive'
    ? deriveAgain(engine.loadPrivate(material.privateKey, material.parameters))
    : engine.loadPublic(material.publicKey, material.parameters);
}

function deriveAgain(key: SigningKey | undefined): VerifyingKey {
  if (key === undefined) throw new Error('a value can only be checked with its private key');
  return {
    verifier: (scheme) => {
      key.signer(scheme);
      return (bytes, value) => hex(sign(key, { scheme, bytes, legacy: [] })) === hex(value);
    },
    destroy: () => key.destroy(),
  };
}

const made = new Map<Engine, KeyMaterial[]>();

/** Two keys of each engine, made once: RSA takes its time. */
function materialOf(engine: Engine, parameters: KeyParameters, which: 0 | 1 = 0): KeyMaterial {
  const materials = made.get(engine) ?? [engine.generate(parameters), engine.generate(parameters)];
  made.set(engine, materials);
  const material = materials[which];
  if (material === undefined) throw new Error('there are two keys');
  return material;
}

function defaultParameters(algorithm: Algorithm): KeyParameters {
  const parsed = algorithm.parseParameters({});
  if (!parsed.ok) throw new Error(`${algorithm.name} has no default parameters: ${parsed.reason}`);
  return parsed.value;
}

/** Undefined where the engine says that it can't do this scheme; every other failure is thrown. */
function compile(key: SigningKey, scheme: Scheme): ReturnType<SigningKey['signer']> | undefined {
  try {
    return key.signer(scheme);
  } catch (error) {
    if (error instanceof EngineFailure && error.code === 'unsupported') return undefined;
    throw error;
  }
}

function signOnce(key: SigningKey, prepared: PreparedPayload): Uint8Array | undefined {
  return compile(key, prepared.scheme) === undefined ? undefined : sign(key, prepared);
}

/** With room for the longest signature of all, that of ML-DSA-87. */
function sign(key: SigningKey, prepared: PreparedPayload): Uint8Array {
  const out = new Uint8Array(4627);
  return out.slice(0, key.signer(prepared.scheme)(prepared.bytes, out));
}

function verify(
  key: VerifyingKey,
  prepared: Pick<PreparedPayload, 'scheme' | 'bytes'>,
  signature: Uint8Array,
): boolean {
  return key.verifier(prepared.scheme)(prepared.bytes, signature);
}

function failureOf(action: () => unknown): EngineFailureCode | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof EngineFailure) return error.code;
    throw error;
  }
}

function flipBit(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes);
  const index = Math.floor(bit / 8) % flipped.length;
  flipped[index] = (flipped[index] ?? 0) ^ (1 << (bit % 8));
  return flipped;
}

function hex(bytes: ArrayLike<number>): string {
  return Buffer.from(Uint8Array.from(bytes)).toString('hex');
}
