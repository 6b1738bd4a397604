import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { arithmeticMicroseconds, countKeyGeneration, countSigning, timeMultiplications } from './bare-arithmetic.ts';
import { freeLocalKey, generateLocalKey, signLocally } from './one-process.ts';
import { BENCH_SCHEMES, quorumName } from './schemes.ts';

const QUORUMS = [
  { threshold: 2, parties: 3 },
  { threshold: 5, parties: 9 },
];

describe.each(BENCH_SCHEMES)('the bare arithmetic of $title', (scheme) => {
  describe.each(QUORUMS)('$threshold of $parties', (quorum) => {
    it('is that of a protocol whose signatures @noble/curves accepts', async () => {
      const group = await scheme.load();
      const key = generateLocalKey(group, quorum);
      const messages = [randomBytes(32), randomBytes(9)];
      const signatures = signLocally(group, key, messages);
      expect(messages.map((message, i) => scheme.verify(key.publicKey, message, signatures[i] ?? message))).toEqual([
        true,
        true,
      ]);
      expect(scheme.verify(key.publicKey, randomBytes(32), signatures[0] ?? randomBytes(64))).toBe(false);
      freeLocalKey(key);
    });

    it('has the multiplications that README.md names', async () => {
      const { threshold } = quorum;
      const perParty =
        scheme.name === 'bip340'
          ? { base: 2, point: 1, secret: 0, verification: 1 }
          : { base: 3, point: threshold - 1, secret: 0, verification: 1 };
      const counted = countSigning(await scheme.load(), quorum);
      expect({ quorum: quorumName(quorum), ...counted }).toEqual({
        quorum: quorumName(quorum),
        base: threshold * perParty.base,
        point: threshold * perParty.point,
        secret: threshold * perParty.secret,
        verification: threshold * perParty.verification,
      });
    });

    it('counts key generation', async () => {
      const counts = countKeyGeneration(await scheme.load(), quorum);
      // Each party commits to a polynomial of as many coefficients as sign.
      expect(counts.base).toBeGreaterThanOrEqual(quorum.parties * quorum.threshold);
      expect(counts.point).toBeGreaterThan(0);
    });
  });

  it('takes longer for more multiplications', async () => {
    const times = timeMultiplications(scheme, await scheme.load(), 0.02);
    for (const clock of [times.wall, times.cpu]) {
      expect(Math.min(...Object.values(clock))).toBeGreaterThan(0);
      const one = { base: 2, point: 1, secret: 0, verification: 1 };
      expect(arithmeticMicroseconds(one, clock)).toBeCloseTo(2 * clock.base + clock.point + clock.verification);
    }
  });
});
