import { afterEach, describe, expect, it, vi } from 'vitest';
import { EngineUnavailable } from '../../engine.ts';

/** A fresh copy of the module: the library is loaded once per process. */
async function load(): Promise<{ readonly description: string }> {
  vi.resetModules();
  const { loadLibsecp256k1 } = await import('./library.ts');
  return loadLibsecp256k1();
}

async function failure(): Promise<Error> {
  try {
    await load();
  } catch (error) {
    // The class of the fresh copy isn't ours, but has its name.
    if (error instanceof Error && error.name === EngineUnavailable.name) return error;
    throw error;
  }
  throw new Error('it loaded');
}

async function isInstalled(): Promise<boolean> {
  return await load().then(
    () => true,
    () => false,
  );
}

const installed = await isInstalled();

describe('finding libsecp256k1', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.skipIf(!installed)('finds the one that the system has, and says which (needs libsecp256k1)', async () => {
    expect((await load()).description).toMatch(/libsecp256k1.*\.(so|dylib)/);
  });

  it('takes the path of COUNTERSIGN_LIBSECP256K1 and nothing else: a wrong one is an error, not a search', async () => {
    vi.stubEnv('COUNTERSIGN_LIBSECP256K1', '/nonexistent/libsecp256k1.so');
    expect((await failure()).message).toBe("COUNTERSIGN_LIBSECP256K1=/nonexistent/libsecp256k1.so can't be loaded");
  });

  it.skipIf(process.platform !== 'linux')('refuses another library, and says what to install', async () => {
    vi.stubEnv('COUNTERSIGN_LIBSECP256K1', 'libm.so.6');
    expect((await failure()).message).toMatch(/lacks a function.*apt install libsecp256k1-1/);
  });

  it.skipIf(!installed)('searches where the variable is empty (needs libsecp256k1)', async () => {
    vi.stubEnv('COUNTERSIGN_LIBSECP256K1', '');
    expect((await load()).description).toContain('libsecp256k1');
  });
});
