/** The peer: FROST of @noble/curves, all parties in this one process, with the same work for each party. */
import { randomBytes } from 'node:crypto';
import type { DealerShares, FROST } from '@noble/curves/abstract/frost.js';
import type { BenchScheme, Quorum } from './schemes.ts';

const MIN_RUNS = 3;

/** Keys per second by its own distributed key generation. */
export function nobleKeysPerSecond({ noble }: BenchScheme, quorum: Quorum, seconds: number): number {
  return perSecond(seconds, () => {
    generate(noble, quorum);
  });
}

/**
 * Signatures per second: every signing party commits, makes its share, aggregates, and checks the whole, as ours do.
 * @throws Error where the result is wrong
 */
export function nobleSignaturesPerSecond(scheme: BenchScheme, quorum: Quorum, seconds: number): number {
  const { noble } = scheme;
  const key = noble.trustedDealer({ min: quorum.threshold, max: quorum.parties });
  const message = randomBytes(32);
  return perSecond(seconds, () => {
    const signature = sign(noble, key, quorum, message);
    if (signature.length !== 64) throw new Error('@noble/curves made no signature');
  });
}

function sign(noble: FROST, key: DealerShares, quorum: Quorum, message: Uint8Array): Uint8Array {
  const signers = Object.values(key.secretShares).slice(0, quorum.threshold);
  const committed = signers.map((secret) => ({ secret, nonce: noble.commit(secret) }));
  const commitments = committed.map(({ nonce }) => nonce.commitments);
  const shares = Object.fromEntries(
    committed.map(({ secret, nonce }) => [
      secret.identifier,
      noble.signShare(secret, key.public, nonce.nonces, commitments, message),
    ]),
  );
  // Verifies what it returns, or throws.
  const signatures = signers.map(() => noble.aggregate(key.public, commitments, message, shares));
  return signatures[0] ?? new Uint8Array(0);
}

function generate(noble: FROST, { threshold, parties }: Quorum): void {
  const ids = Array.from({ length: parties }, (_, index) => noble.Identifier.fromNumber(index + 1));
  const first = ids.map((id) => noble.DKG.round1(id, { min: threshold, max: parties }));
  const broadcasts = first.map((one) => one.public);
  const othersOf = (me: string) => broadcasts.filter(({ identifier }) => identifier !== me);
  const second = first.map(({ secret }, me) => noble.DKG.round2(secret, othersOf(ids[me] ?? '')));
  first.forEach(({ secret }, me) => {
    const id = ids[me] ?? '';
    const received = second.flatMap((sent, sender) => (sender === me ? [] : (sent[id] ?? [])));
    noble.DKG.round3(secret, othersOf(id), received);
  });
}

function perSecond(seconds: number, operation: () => void): number {
  // Makes the tables of multiples of the base point, which it keeps.
  operation();
  let runs = 0;
  const startMs = performance.now();
  let nowMs = startMs;
  do {
    operation();
    runs += 1;
    nowMs = performance.now();
  } while (runs < MIN_RUNS || nowMs - startMs < 1000 * seconds);
  return (1000 * runs) / (nowMs - startMs);
}
