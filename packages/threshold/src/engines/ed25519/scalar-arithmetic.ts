/**
 * Scalars modulo the order of Ed25519's prime-order group,
 * L = 2^252 + 27742317777372353535851937790883648493 (RFC 8032, section 5.1), on 32 little-endian bytes.
 *
 * Plain JavaScript without big integers: sixteen limbs of sixteen bits, and a sequence of operations that doesn't
 * depend on the values. What a compiler makes of it is beyond our control; hence the library, where there is one.
 */
const SCALAR_BYTES = 32;
const LIMBS = 16;
const LIMB_BITS = 16;
const LIMB_MASK = 0xffff;
/** Bits of L, whose top limb is 0x1000. */
const ORDER_BITS = 253;

const ORDER = Int32Array.from([
  0xd3ed, 0x5cf5, 0x631a, 0x5812, 0x9cd6, 0xa2f7, 0xf9de, 0x14de, 0, 0, 0, 0, 0, 0, 0, 0x1000,
]);

// One set of scratch memory for the process, wiped after each use: nothing secret is left to the collector.
const sum = new Int32Array(LIMBS);
const addend = new Int32Array(LIMBS);
const reduced = new Int32Array(LIMBS);

/** Whether these are 32 bytes below L. Constant-time in the value. */
export function isScalar(bytes: Uint8Array): boolean {
  if (bytes.length !== SCALAR_BYTES) return false;
  let borrow = 0;
  for (let i = 0; i < LIMBS; i += 1) {
    borrow = (limbAt(bytes, i) - (ORDER[i] as number) + borrow) >> LIMB_BITS;
  }
  return borrow === -1;
}

export function isZeroScalar(scalar: Uint8Array): boolean {
  let any = 0;
  for (let i = 0; i < scalar.length; i += 1) any |= scalar[i] as number;
  return any === 0;
}

/** `out` = a + b mod L. `out` may be `a` or `b`. */
export function addScalars(out: Uint8Array, a: Uint8Array, b: Uint8Array): void {
  load(sum, a);
  load(addend, b);
  addModOrder(-1);
  store(out);
}

/** `out` = -a mod L. `out` may be `a`. */
export function negateScalar(out: Uint8Array, a: Uint8Array): void {
  let borrow = 0;
  for (let i = 0; i < LIMBS; i += 1) {
    const limb = (ORDER[i] as number) - limbAt(a, i) + borrow;
    sum[i] = limb & LIMB_MASK;
    borrow = limb >> LIMB_BITS;
  }
  // -0 is L so far.
  subtractOrderOnce();
  store(out);
}

/** `out` = a * b mod L, bit by bit. `out` may be `a` or `b`. */
export function multiplyScalars(out: Uint8Array, a: Uint8Array, b: Uint8Array): void {
  load(addend, a);
  sum.fill(0);
  for (let bit = ORDER_BITS - 1; bit >= 0; bit -= 1) {
    doubleAndAddBit(0);
    addModOrder(-(((b[bit >> 3] as number) >> (bit & 7)) & 1));
  }
  store(out);
}

/** `out` = the little-endian number mod L. `out` may share memory with `wide`. */
export function reduceScalar(out: Uint8Array, wide: Uint8Array): void {
  sum.fill(0);
  for (let bit = 8 * wide.length - 1; bit >= 0; bit -= 1) {
    doubleAndAddBit(((wide[bit >> 3] as number) >> (bit & 7)) & 1);
  }
  store(out);
}

/** sum = 2 * sum + bit mod L. */
function doubleAndAddBit(bit: number): void {
  let carry = bit;
  for (let i = 0; i < LIMBS; i += 1) {
    const limb = 2 * (sum[i] as number) + carry;
    sum[i] = limb & LIMB_MASK;
    carry = limb >> LIMB_BITS;
  }
  subtractOrderOnce();
}

/** sum = sum + (addend & mask) mod L; the mask is 0 or -1. */
function addModOrder(mask: number): void {
  let carry = 0;
  for (let i = 0; i < LIMBS; i += 1) {
    const limb = (sum[i] as number) + ((addend[i] as number) & mask) + carry;
    sum[i] = limb & LIMB_MASK;
    carry = limb >> LIMB_BITS;
  }
  subtractOrderOnce();
}

/** sum = sum mod L, for a sum below 2L. */
function subtractOrderOnce(): void {
  let borrow = 0;
  for (let i = 0; i < LIMBS; i += 1) {
    const limb = (sum[i] as number) - (ORDER[i] as number) + borrow;
    reduced[i] = limb & LIMB_MASK;
    borrow = limb >> LIMB_BITS;
  }
  // -1 where the sum was below L and stays.
  for (let i = 0; i < LIMBS; i += 1) sum[i] = ((sum[i] as number) & borrow) | ((reduced[i] as number) & ~borrow);
}

function limbAt(bytes: Uint8Array, i: number): number {
  return (bytes[2 * i] as number) | ((bytes[2 * i + 1] as number) << 8);
}

function load(limbs: Int32Array, scalar: Uint8Array): void {
  for (let i = 0; i < LIMBS; i += 1) limbs[i] = limbAt(scalar, i);
}

/** Writes the sum out and wipes the scratch memory. */
function store(out: Uint8Array): void {
  for (let i = 0; i < LIMBS; i += 1) {
    const limb = sum[i] as number;
    out[2 * i] = limb & 0xff;
    out[2 * i + 1] = limb >> 8;
  }
  sum.fill(0);
  addend.fill(0);
  reduced.fill(0);
}
