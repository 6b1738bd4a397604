import { allAlgorithms } from '@countersign/algorithms/registry';
import { describe, expect, it } from 'vitest';
import { ALGORITHM_WORDS, ALGORITHMS_WITHOUT_WORDS, chooseAlgorithm } from './algorithm-words.ts';

const choose = (objType: string, ellipticCurve?: string, paramSet?: string) =>
  chooseAlgorithm({ objType, ellipticCurve, paramSet });

describe('algorithm words', () => {
  it('name every algorithm that is registered, or say that they have no name for it', () => {
    expect([...ALGORITHM_WORDS.keys(), ...ALGORITHMS_WITHOUT_WORDS].sort()).toEqual(
      allAlgorithms()
        .map(({ name }) => name)
        .sort(),
    );
  });

  it.each([...ALGORITHM_WORDS.keys()])('name %s', (name) => {
    const words = ALGORITHM_WORDS.get(name);
    expect(words).toBeDefined();
    expect(choose(words?.objType ?? '', words?.ellipticCurve, words?.paramSet)).toMatchObject({
      ok: true,
      algorithm: name,
    });
  });

  it('read the older name of ML-DSA', () => {
    expect(choose('MLDSABETA', undefined, 'MlDsa65')).toMatchObject({ ok: true, algorithm: 'ml-dsa-65' });
  });

  it.each([
    ['LMS'],
    ['XMSS'],
    ['BLS'],
    ['DSA'],
    ['KCDSA'],
    ['ECKCDSA'],
    ['BIP32'],
    ['SLIP10'],
    ['AES'],
    ['EC', 'X25519'],
    ['EC', 'X448'],
    ['EC', 'Gost256A'],
  ])('say that %s %s is not supported yet', (objType, curve?: string) => {
    expect(choose(objType, curve)).toMatchObject({
      ok: false,
      code: 'not_supported',
      reason: expect.stringMatching(/is not supported yet$/),
    });
  });

  it('refuse words that nobody knows, and name those that are', () => {
    expect(choose('RSB')).toMatchObject({
      code: 'invalid_request',
      reason: 'obj_type must be one of RSA, EC, MLDSA, BIP340',
    });
    expect(choose('constructor')).toMatchObject({ code: 'invalid_request' });
    expect(choose('EC', 'P-256')).toMatchObject({
      code: 'invalid_request',
      reason: expect.stringContaining('NistP256'),
    });
    expect(choose('MLDSA', undefined, 'MlDsa66')).toMatchObject({
      code: 'invalid_request',
      reason: 'mldsa.param_set must be one of MlDsa44, MlDsa65, MlDsa87',
    });
  });

  it('refuse a word that is missing or has no place', () => {
    expect(choose('EC')).toMatchObject({ ok: false, reason: expect.stringMatching(/^elliptic_curve is needed/) });
    expect(choose('MLDSA')).toMatchObject({ ok: false, reason: expect.stringMatching(/^mldsa.param_set is needed/) });
    expect(choose('RSA', 'NistP256')).toMatchObject({
      ok: false,
      reason: 'elliptic_curve has no place in a key of obj_type RSA',
    });
    expect(choose('EC', 'NistP256', 'MlDsa44')).toMatchObject({ ok: false });
  });
});
