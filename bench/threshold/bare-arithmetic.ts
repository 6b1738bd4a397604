/** What the native library needs for one multiplication, and what the multiplications of one item come to. */
import { randomBytes } from 'node:crypto';
import { countedGroup, countsBetween, MULTIPLICATIONS, type MultiplicationCounts } from './counted-group.ts';
import { freeLocalKey, generateLocalKey, signLocally } from './one-process.ts';
import type { BenchScheme, Quorum, SchemeGroup } from './schemes.ts';

/** Microseconds of one multiplication of each kind. */
export interface MultiplicationTimes {
  readonly wall: MultiplicationCounts;
  /** Of CPU time: the same on a core of its own, and less where others take turns. */
  readonly cpu: MultiplicationCounts;
}

interface LoopTime {
  readonly wall: number;
  readonly cpu: number;
}

/** Points, scalars and signatures that take turns. */
const OPERANDS = 64;

/** Multiplications of all signing parties for one more signature in a batch; what is done once per batch isn't in it. */
export function countSigning(plain: SchemeGroup, quorum: Quorum): MultiplicationCounts {
  const { group, counts } = countedGroup(plain);
  const key = generateLocalKey(plain, quorum);
  const start = counts();
  signLocally(group, key, [randomBytes(32)]);
  const afterOne = counts();
  signLocally(group, key, [randomBytes(32), randomBytes(32)]);
  const afterTwo = counts();
  freeLocalKey(key);
  return countsBetween(countsBetween(start, afterOne), countsBetween(afterOne, afterTwo));
}

/** Multiplications of all parties for one key. */
export function countKeyGeneration(plain: SchemeGroup, quorum: Quorum): MultiplicationCounts {
  const { group, counts } = countedGroup(plain);
  freeLocalKey(generateLocalKey(group, quorum));
  return counts();
}

/** Loops over each kind for a share of `seconds`, in this process. */
export function timeMultiplications(scheme: BenchScheme, group: SchemeGroup, seconds: number): MultiplicationTimes {
  const operands = Array.from({ length: OPERANDS }, () => {
    const scalar = Buffer.alloc(32);
    group.randomScalar(scalar);
    const secretKey = randomBytes(32);
    const message = randomBytes(32);
    return {
      scalar,
      point: group.multiplyBase(scalar),
      message,
      publicKey: scheme.alonePublicKey(secretKey),
      signature: scheme.signAlone(secretKey, message),
    };
  });
  const out = Buffer.alloc(group.pointBytes);
  const verifications = operands.map(({ message, publicKey, signature }) =>
    verification(group, publicKey, message, signature),
  );
  const share = seconds / MULTIPLICATIONS.length;
  const base = timeEach(operands, share, ({ scalar }) => group.multiplyBase(scalar));
  const point = timeEach(operands, share, (one, { scalar }) => group.multiplyPublic(one.point, scalar));
  const secret = timeEach(operands, share, (one, { scalar }) => group.diffieHellman(out, scalar, one.point));
  const verify = timeEach(verifications, share, (verifies) => {
    if (!verifies()) throw new Error('a signature of @noble/curves is refused');
  });
  return {
    wall: { base: base.wall, point: point.wall, secret: secret.wall, verification: verify.wall },
    cpu: { base: base.cpu, point: point.cpu, secret: secret.cpu, verification: verify.cpu },
  };
}

/** Microseconds of one item on one core. */
export function arithmeticMicroseconds(counts: MultiplicationCounts, times: MultiplicationCounts): number {
  return MULTIPLICATIONS.reduce((sum, kind) => sum + counts[kind] * times[kind], 0);
}

function verification(
  group: SchemeGroup,
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): () => boolean {
  if (group.name === 'ed25519') return () => group.verifySignature(publicKey, message, signature);
  const point = group.liftX(publicKey);
  if (point === undefined) throw new Error('a public key of @noble/curves is refused');
  return () => group.verifySchnorr(point, message, signature);
}

/** Microseconds of one operation; each operand also gets its neighbour. */
function timeEach<T>(operands: readonly T[], seconds: number, operation: (operand: T, next: T) => unknown): LoopTime {
  let done = 0;
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  const endMs = startMs + 1000 * seconds;
  let nowMs = startMs;
  do {
    for (const [index, operand] of operands.entries())
      operation(operand, operands[(index + 1) % operands.length] ?? operand);
    done += operands.length;
    nowMs = performance.now();
  } while (nowMs < endMs);
  const { user, system } = process.cpuUsage(cpuBefore);
  return { wall: (1000 * (nowMs - startMs)) / done, cpu: (user + system) / done };
}
