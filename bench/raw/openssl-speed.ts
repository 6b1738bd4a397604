/** The raw limit by the system's `openssl speed`: another build of OpenSSL, often another version, than Node's. */
import { execFile } from 'node:child_process';

/** Signatures per second in one run of `openssl speed -mr`, or undefined where it knows no such algorithm. */
export async function opensslSpeed(algorithm: string, processes: number, seconds: number): Promise<number | undefined> {
  const multi = processes > 1 ? ['-multi', String(processes)] : [];
  const output = await new Promise<string | undefined>((done) => {
    execFile(
      'openssl',
      // By the clock, as everything here. At least a whole second; verification is timed as well, unasked.
      ['speed', '-mr', '-elapsed', '-seconds', String(Math.max(1, Math.round(seconds))), ...multi, algorithm],
      { timeout: 60_000, env: { ...process.env, OPENSSL_CONF: '/dev/null' } },
      (error, stdout, stderr) => done(error === null ? `${stdout}\n${stderr}` : undefined),
    );
  });
  return output === undefined ? undefined : parseOpensslSpeed(output);
}

/**
 * Reads the summary line: `+F2:2:2048:4036.0:59739.0` for RSA, `+F4:...` for ECDSA, `+F6:0:253:Ed25519:22693.0:...`
 * for EdDSA, a name and three figures (make key, sign, verify) for providers' algorithms. Old versions give seconds
 * per signature, which is told by the size.
 */
export function parseOpensslSpeed(output: string): number | undefined {
  for (const line of output.split('\n').toReversed()) {
    const [kind, ...fields] = line.trim().split(':');
    if (!/^\+F[0-9]+$/.test(kind ?? '')) continue;
    const numbers = fields.filter((field) => /^[0-9]+\.[0-9]+$/.test(field)).map(Number);
    const sign = numbers.length === 3 ? numbers[1] : numbers[0];
    if (sign === undefined || sign <= 0) return undefined;
    return sign < 1 ? 1 / sign : sign;
  }
  return undefined;
}
