/** Which key of a family: `derivation_path`, and for BIP340 the root of a taproot script tree. */
import { refuseDerivationPath } from '@countersign/algorithms/derivation-path';
import type { ParsedItem } from '@countersign/core/signing-item';
import type { Derivation } from '@countersign/core/threshold/threshold-keys';
import { Type } from 'typebox';
import { readHex } from './hex.ts';
import { refuse } from './refuse.ts';
import type { VertexScheme } from './scheme.ts';

const TaprootMerkleRoot = Type.Optional(
  Type.String({ description: 'Ours: hex of 32 bytes, or empty for a key without scripts (BIP341).' }),
);

/** Members of a request that choose among the keys of a family. */
export const DERIVATION_MEMBERS = {
  derivation_path: Type.Optional(Type.Array(Type.Integer({ minimum: 0, maximum: 0x7fff_ffff }), { maxItems: 16 })),
  taproot_merkle_root: TaprootMerkleRoot,
  tweak: Type.Optional(Type.Object({ taproot_merkle_root: TaprootMerkleRoot })),
};

interface RawDerivation {
  readonly derivation_path?: unknown;
  readonly taproot_merkle_root?: unknown;
  readonly tweak?: unknown;
}

export function readDerivation(scheme: VertexScheme, raw: RawDerivation): ParsedItem<Derivation> {
  const path = raw.derivation_path;
  if (path != null && !isNumberList(path)) return BAD_PATH;
  const wrong = path == null ? undefined : refuseDerivationPath(path);
  if (wrong !== undefined) return refuse(`derivation_path: ${wrong}`);
  if (raw.tweak == null && raw.taproot_merkle_root == null) {
    return { ok: true, item: path == null ? MASTER : { path, merkleRoot: undefined } };
  }
  const root = readMerkleRoot(scheme, raw);
  return root.ok ? { ok: true, item: { path: path ?? [], merkleRoot: root.item } } : root;
}

const MERKLE_ROOT_BYTES = 32;

function readMerkleRoot(scheme: VertexScheme, raw: RawDerivation): ParsedItem<Uint8Array> {
  // Passing it over would sign under another key than was asked for.
  if (!scheme.taproot) return NO_TAPROOT;
  const { tweak } = raw;
  let value = raw.taproot_merkle_root;
  if (tweak != null) {
    if (typeof tweak !== 'object' || !Object.hasOwn(tweak, 'taproot_merkle_root')) return RAW_TWEAK;
    if (value != null) return TWO_ROOTS;
    value = (tweak as RawDerivation).taproot_merkle_root;
  }
  const root = readHex('taproot_merkle_root', value, MERKLE_ROOT_BYTES);
  return root.ok && root.item.length !== 0 && root.item.length !== MERKLE_ROOT_BYTES ? BAD_ROOT : root;
}

function isNumberList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((index) => typeof index === 'number');
}

const MASTER: Derivation = { path: [], merkleRoot: undefined };
const BAD_PATH = refuse('derivation_path must be a list of whole numbers, such as [44, 60, 0]');
const BAD_ROOT = refuse('taproot_merkle_root must be the hex of 32 bytes, or empty for a key without scripts');
const NO_TAPROOT = refuse('taproot_merkle_root and tweak are for bip340 only; leave them out');
const TWO_ROOTS = refuse('give taproot_merkle_root once');
const RAW_TWEAK = refuse(
  'a raw tweak is not accepted, since whoever chooses it chooses the key; give {"taproot_merkle_root": <hex or empty>}',
);
