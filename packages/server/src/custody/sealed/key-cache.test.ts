import { describe, expect, it } from 'vitest';
import type { KeyEntry } from '../messages/key-entry.ts';
import { KeyCache } from './key-cache.ts';

function entryOf(id: number, rest = 'rest'): KeyEntry {
  const keyId = Buffer.alloc(16, id);
  const none = Buffer.alloc(0);
  return {
    bytes: Buffer.concat([keyId, Buffer.from(rest)]),
    keyId,
    accountId: none,
    algorithm: '',
    parameters: none,
    publicKey: none,
    sealed: none,
  };
}

function keyOf(name: string, wiped: string[]): { readonly name: string; readonly destroy: () => void } {
  return { name, destroy: () => wiped.push(name) };
}

describe('KeyCache', () => {
  it('gives a key only for an entry that is the same byte for byte', () => {
    const cache = new KeyCache(4);
    const key = keyOf('a', []);
    cache.put(entryOf(1), key);
    expect(cache.get(entryOf(1))).toBe(key);
    expect(cache.get(entryOf(1, 'resT'))).toBeUndefined();
    expect(cache.get(entryOf(2))).toBeUndefined();
  });

  it('keeps its own copy of the entry', () => {
    const cache = new KeyCache(4);
    const entry = entryOf(1);
    cache.put(entry, keyOf('a', []));
    entry.bytes[20] = 0;
    expect(cache.get(entryOf(1))).toBeDefined();
  });

  it('wipes the least recently used on trim, the replaced on put, and all on clear', () => {
    const wiped: string[] = [];
    const cache = new KeyCache(2);
    for (const id of [1, 2, 3]) cache.put(entryOf(id), keyOf(`${id}`, wiped));
    cache.get(entryOf(1));
    expect(wiped).toEqual([]);
    cache.trim();
    expect(wiped).toEqual(['2']);
    cache.put(entryOf(3, 'other'), keyOf('3 again', wiped));
    expect(wiped).toEqual(['2', '3']);
    cache.clear();
    expect(wiped).toEqual(['2', '3', '1', '3 again']);
  });
});
