import { EngineUnavailable } from '@countersign/algorithms/engine';
import { ed25519 } from '@noble/curves/ed25519.js';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { loadEd25519Group } from '../../src/engines/ed25519/load-group.ts';
import { loadSecp256k1Group } from '../../src/engines/secp256k1/load-group.ts';
import type { PrimeOrderGroup } from '../../src/group.ts';

/** A curve twice: the engine that the program takes, and big integers with `@noble/curves` to check it against. */
export interface Curve {
  /** Undefined where no library loads. */
  readonly group: PrimeOrderGroup | undefined;
  readonly name: PrimeOrderGroup['name'];
  readonly order: bigint;
  /** 32 bytes in the curve's byte order. */
  readonly toBytes: (scalar: bigint) => Uint8Array;
  readonly toScalar: (bytes: Uint8Array) => bigint;
  /** The encoded point; the scalar isn't zero. */
  readonly multiplyBase: (scalar: bigint) => Uint8Array;
}

const bigEndian = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const fromBigEndian = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);

export const CURVES: readonly Curve[] = [
  {
    group: await loaded(loadSecp256k1Group),
    name: 'secp256k1',
    order: secp256k1.Point.Fn.ORDER,
    toBytes: (scalar) => Uint8Array.from(bigEndian(scalar)),
    toScalar: fromBigEndian,
    multiplyBase: (scalar) => secp256k1.Point.BASE.multiply(scalar).toBytes(true),
  },
  {
    group: await loaded(loadEd25519Group),
    name: 'ed25519',
    order: ed25519.Point.Fn.ORDER,
    toBytes: (scalar) => Uint8Array.from(bigEndian(scalar)).reverse(),
    toScalar: (bytes) => fromBigEndian(Uint8Array.from(bytes).reverse()),
    multiplyBase: (scalar) => ed25519.Point.BASE.multiply(scalar).toBytes(),
  },
];

async function loaded(load: () => Promise<PrimeOrderGroup>): Promise<PrimeOrderGroup | undefined> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof EngineUnavailable) return undefined;
    throw error;
  }
}
