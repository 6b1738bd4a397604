/**
 * Non-hardened children of a private key that lies whole in the vault: what is the same for every curve. Loads native
 * code, so only the sealed processes import this file.
 *
 * One step, as in BIP32 (CKDpriv): I = HMAC-SHA512(chain code, A || ser32(index)) with the parent's public key A. The left
 * half makes the tweak that is added to the private scalar, the right half is the next chain code. The chain code of the
 * key itself is made from its private key, and unlike BIP32's is secret, as long as nobody publishes it: so a child's
 * private key and the parent's public one don't give the parent away here. Who is given the chain code can derive all
 * public keys below it, and then they do.
 */
import { refuseDerivationPath } from './derivation-path.ts';
import { EngineFailure } from './engine.ts';
import { secretTaggedHash, writeSecretHmacSha512 } from './secret-hash.ts';

export const CHAIN_CODE_BYTES = 32;
/** I: tweak, then chain code. */
export const STEP_BYTES = 64;
const CHAIN_CODE_TAG = 'countersign/vault-chain-code/v1';

const chainCodeHash = secretTaggedHash(CHAIN_CODE_TAG);

/** `out` (32 bytes of locked memory) = the tagged hash of BIP340 of the private key's bytes. */
export function writeMasterChainCode(out: Buffer, privateKey: Uint8Array): void {
  chainCodeHash.begin();
  chainCodeHash.add(privateKey);
  chainCodeHash.end(out);
}

/**
 * @param step 64 bytes of locked memory: I
 * @param publicKey the parent's: 33 bytes on secp256k1, 32 on Ed25519
 * @param index below 2^31
 */
export function writeDerivationStep(step: Buffer, chainCode: Uint8Array, publicKey: Uint8Array, index: number): void {
  const serialized = Buffer.alloc(4);
  serialized.writeUInt32BE(index);
  writeSecretHmacSha512(step, chainCode, [publicKey, serialized]);
}

/** Refuses what isn't 1 to 16 non-hardened indices. @throws EngineFailure `invalid_scheme` */
export function assertChildPath(path: readonly number[]): void {
  const wrong = path.length === 0 ? 'the path to a child has at least one index' : refuseDerivationPath(path);
  if (wrong !== undefined) throw new EngineFailure('invalid_scheme', wrong);
}

/** A tweak out of range, or a sum of zero: a chance of 2^-127 at most. BIP32 says to go on with the next index. */
export function noSuchChild(): EngineFailure {
  return new EngineFailure('invalid_scheme', 'there is no key at this path; use another index');
}
