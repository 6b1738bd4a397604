/** Functions that sodium-native has and its published types lack. */
import 'sodium-native';

declare module 'sodium-native' {
  export function sodium_free(secret: Buffer): void;
  export function crypto_hash_sha256_init(state: Buffer): void;
  export function crypto_hash_sha256_update(state: Buffer, input: Buffer): void;
  export function crypto_hash_sha256_final(state: Buffer, out: Buffer): void;
  export function crypto_hash_sha512_init(state: Buffer): void;
  export function crypto_hash_sha512_update(state: Buffer, input: Buffer): void;
  export function crypto_hash_sha512_final(state: Buffer, out: Buffer): void;
}
