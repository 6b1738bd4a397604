/**
 * Starknet's curve a second time, written from its parameters (StarkWare, "STARK curve") with affine big integers and
 * nothing of the library under test: keys, the verification equation, and recovery ids. For tests only; slow.
 */
interface Affine {
  readonly x: bigint;
  readonly y: bigint;
}
/** Undefined: the point at infinity. */
type MaybePoint = Affine | undefined;

/** y^2 = x^3 + x + beta over the field of 2^251 + 17 * 2^192 + 1 elements. */
const P = 2n ** 251n + 17n * 2n ** 192n + 1n;
const ALPHA = 1n;
const BETA = 0x6f21413efbe40de150e596d72f7a8c5609ad26c15c915c1f4cdfcb99cee9e89n;
export const STARK_ORDER = 0x800000000000010ffffffffffffffffb781126dcae7b2321e66a241adc64d2fn;
const G: Affine = {
  x: 0x1ef15c18599971b7beced415a40f0c7deacfd9b0d1819e03d723d8bc943cfcan,
  y: 0x5668060aa49730b7be4801df46ec62de53ecd11abe43a32873000c36e8dc1fn,
};

/** 65 bytes, uncompressed, of a private key's 32 big-endian bytes. */
export function starkPublicKey(privateKey: Uint8Array): Uint8Array {
  return encode(multiply(G, integer(privateKey)));
}

/** R = z/s * G + r/s * Q, and whether its x coordinate is r: ECDSA verification (SEC 1, section 4.1.4). */
export function starkNoncePoint(publicKey: Uint8Array, digest: Uint8Array, rs: Uint8Array): MaybePoint {
  const q = { x: integer(publicKey.subarray(1, 33)), y: integer(publicKey.subarray(33)) };
  if (!isOnCurve(q)) return undefined;
  const r = integer(rs.subarray(0, 32));
  const inverse = starkInverse(integer(rs.subarray(32)));
  const point = add(multiply(G, (integer(digest) * inverse) % STARK_ORDER), multiply(q, (r * inverse) % STARK_ORDER));
  return point !== undefined && point.x % STARK_ORDER === r ? point : undefined;
}

/** The recovery id of a valid signature. */
export function starkRecoveryId(publicKey: Uint8Array, digest: Uint8Array, rs: Uint8Array): number {
  const point = starkNoncePoint(publicKey, digest, rs);
  if (point === undefined) throw new Error('not a signature');
  return (point.x >= STARK_ORDER ? 2 : 0) + Number(point.y & 1n);
}

/** Modulo the order. */
export function starkInverse(value: bigint): bigint {
  return power(value, STARK_ORDER - 2n, STARK_ORDER);
}

function add(a: MaybePoint, b: MaybePoint): MaybePoint {
  if (a === undefined) return b;
  if (b === undefined) return a;
  if (a.x === b.x && (a.y + b.y) % P === 0n) return undefined;
  const slope = mod(
    a.x === b.x
      ? (3n * a.x * a.x + ALPHA) * power(2n * a.y, P - 2n, P)
      : (b.y - a.y) * power(mod(b.x - a.x), P - 2n, P),
  );
  const x = mod(slope * slope - a.x - b.x);
  return { x, y: mod(slope * (a.x - x) - a.y) };
}

function multiply(point: Affine, scalar: bigint): MaybePoint {
  let sum: MaybePoint;
  for (const bit of scalar.toString(2)) {
    sum = add(sum, sum);
    if (bit === '1') sum = add(sum, point);
  }
  return sum;
}

function isOnCurve({ x, y }: Affine): boolean {
  return x < P && y < P && mod(y * y - x * x * x - ALPHA * x - BETA) === 0n;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * base) % modulus;
  }
  return result;
}

function mod(value: bigint): bigint {
  const remainder = value % P;
  return remainder < 0n ? remainder + P : remainder;
}

function encode(point: MaybePoint): Uint8Array {
  if (point === undefined) throw new Error('the point at infinity');
  const coordinates = [point.x, point.y].map((value) => value.toString(16).padStart(64, '0'));
  return Buffer.from(`04${coordinates.join('')}`, 'hex');
}

function integer(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}
