/** All algorithms. Adding one is its family file (or an entry in one), one line here, and its vectors. */
import type { Algorithm } from './algorithm.ts';
import { bip340 } from './families/bip340.ts';
import { dhSecp256k1 } from './families/dh-secp256k1.ts';
import {
  ecdsaP192,
  ecdsaP224,
  ecdsaP256,
  ecdsaP384,
  ecdsaP521,
  ecdsaSecp192k1,
  ecdsaSecp224k1,
  ecdsaSecp256k1,
} from './families/ecdsa.ts';
import { ecdsaStark } from './families/ecdsa-stark.ts';
import { ed448 } from './families/ed448.ts';
import { ed25519 } from './families/ed25519.ts';
import { mlDsa44, mlDsa65, mlDsa87 } from './families/ml-dsa.ts';
import { rsa } from './families/rsa.ts';

const ALL: readonly Algorithm[] = [
  rsa,
  ecdsaP192,
  ecdsaP224,
  ecdsaP256,
  ecdsaP384,
  ecdsaP521,
  ecdsaSecp192k1,
  ecdsaSecp224k1,
  ecdsaSecp256k1,
  ecdsaStark,
  ed25519,
  ed448,
  bip340,
  mlDsa44,
  mlDsa65,
  mlDsa87,
  dhSecp256k1,
];

const byName: ReadonlyMap<string, Algorithm> = new Map(ALL.map((algorithm) => [algorithm.name, algorithm]));

/** The entry of an algorithm, or undefined for a name that isn't registered. */
export function findAlgorithm(name: string): Algorithm | undefined {
  return byName.get(name);
}

/** Every registered algorithm, in the order of the registry. */
export function allAlgorithms(): readonly Algorithm[] {
  return ALL;
}
