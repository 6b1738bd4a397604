import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CHAIN_NAMES, loadChain } from './registry.ts';

describe('registry of chains', () => {
  it('knows no chain by a name that is not registered', async () => {
    expect(await loadChain('doge')).toBeUndefined();
    expect(await loadChain('constructor')).toBeUndefined();
  });

  it('has at least one chain', () => {
    expect(CHAIN_NAMES.length).toBeGreaterThan(0);
  });
});

describe.each(CHAIN_NAMES)('chain %s', (name) => {
  const folder = readdirSync(new URL(`./${name}/`, import.meta.url));

  it('has its name and formats, each once', async () => {
    const chain = await loadChain(name);
    expect(chain?.name).toBe(name);
    expect(chain?.formats.length).toBeGreaterThan(0);
    expect(new Set(chain?.formats).size).toBe(chain?.formats.length);
  });

  it('has tests of its own and of each of its formats', async () => {
    const chain = await loadChain(name);
    expect(folder).toContain(`${name}-chain.test.ts`);
    for (const format of chain?.formats ?? []) {
      expect([`${format}.test.ts`, `${format}-format.test.ts`].some((file) => folder.includes(file))).toBe(true);
    }
  });

  it('refuses unknown formats and content of no shape with a reason', async () => {
    const chain = await loadChain(name);
    const key = { algorithm: 'none', publicKey: new Uint8Array(0) };
    for (const format of [...(chain?.formats ?? []), 'none']) {
      const decoding = chain?.decode({ chain: name, format, network: undefined, content: null }, key);
      expect(decoding).toEqual({ ok: false, reason: expect.stringMatching(/./) });
    }
  });
});
