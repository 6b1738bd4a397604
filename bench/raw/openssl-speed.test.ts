import { describe, expect, it } from 'vitest';
import { parseOpensslSpeed } from './openssl-speed.ts';

describe('parseOpensslSpeed', () => {
  it('reads the summary of RSA, ECDSA and EdDSA', () => {
    expect(
      parseOpensslSpeed('+DTP:2048:private:rsa:1\n+R1:4036:2048:1.00\n+F2:2:2048:4036.000000:59739.000000\n'),
    ).toBe(4036);
    expect(parseOpensslSpeed('+F4:3:256:91983.000000:29558.000000')).toBe(91_983);
    expect(parseOpensslSpeed('+F6:0:253:Ed25519:49234.000000:19019.000000')).toBe(49_234);
  });

  it('takes the sum of all processes and not the lines of each', () => {
    const output = 'Got: +F4:3:256:51237.000000:14885.000000 from 0\n+F4:3:256:91983.000000:29558.000000';
    expect(parseOpensslSpeed(output)).toBe(91_983);
  });

  it('turns seconds per signature into signatures per second', () => {
    expect(parseOpensslSpeed('+F2:2:2048:0.000250:0.000010')).toBe(4000);
  });

  it('knows nothing where there is no summary', () => {
    expect(parseOpensslSpeed('speed: unknown algorithm\n')).toBeUndefined();
  });
});
