/** A non-hardened derivation path between the process that prepares it and the one that signs: `44/60/0`. Pure. */
import { EngineFailure } from './engine.ts';

/** Our own bound. */
export const MAX_DERIVATION_DEPTH = 16;
const FIRST_HARDENED = 0x8000_0000;
const TEXT = /^\d{1,10}(?:\/\d{1,10}){0,15}$/;

/** What is wrong with a path; undefined for a good one. The empty path is the key itself. */
export function refuseDerivationPath(path: readonly number[]): string | undefined {
  if (path.length > MAX_DERIVATION_DEPTH) return `a derivation path has at most ${MAX_DERIVATION_DEPTH} indices`;
  for (const index of path) {
    if (!Number.isSafeInteger(index) || index < 0) return 'a derivation path holds whole numbers from 0';
    if (index >= FIRST_HARDENED) return 'hardened indices (2^31 and above) need the private key; leave them out';
  }
  return undefined;
}

/** Undefined for the key itself. */
export function writeDerivationPath(path: readonly number[] | undefined): string | undefined {
  return path === undefined || path.length === 0 ? undefined : path.join('/');
}

/** @throws EngineFailure `invalid_scheme` */
export function parseDerivationPath(text: unknown): readonly number[] {
  if (text === undefined) return [];
  if (typeof text !== 'string' || !TEXT.test(text)) throw new EngineFailure('invalid_scheme', 'derivation path');
  const path = text.split('/').map(Number);
  const wrong = refuseDerivationPath(path);
  if (wrong !== undefined) throw new EngineFailure('invalid_scheme', wrong);
  return path;
}
