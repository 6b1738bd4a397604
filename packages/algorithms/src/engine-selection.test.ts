import { describe, expect, it } from 'vitest';
import type { Algorithm, EngineBinding } from './algorithm.ts';
import { EngineUnavailable } from './engine.ts';
import { reportEngines } from './engine-report.ts';
import { selectEngines } from './engine-selection.ts';
import { ed25519 } from './families/ed25519.ts';
import { allAlgorithms } from './registry.ts';

const [sodium] = ed25519.engines;

function absent(name: string): EngineBinding {
  return { name, load: () => Promise.reject(new EngineUnavailable(`install ${name}`)) };
}

function withEngines(...engines: Algorithm['engines']): Algorithm {
  return { ...ed25519, engines };
}

describe('the selection of engines', () => {
  it('takes the first that loads, and loads none behind it', async () => {
    const untouched: EngineBinding = { name: 'untouched', load: () => Promise.reject(new Error('was loaded')) };
    const selection = await selectEngines([withEngines(absent('one'), absent('two'), sodium, untouched)]);
    expect(reportEngines(selection)).toEqual([
      {
        algorithm: 'ed25519',
        engine: { name: 'sodium', description: expect.stringContaining('libsodium') },
        unavailable: [
          { name: 'one', reason: 'install one' },
          { name: 'two', reason: 'install two' },
        ],
        notTried: ['untouched'],
      },
    ]);
  });

  it('selects nothing where nothing loads, and says why', async () => {
    const selection = await selectEngines([withEngines(absent('only'))]);
    expect(selection.get('ed25519')?.selected).toBeUndefined();
    expect(reportEngines(selection)).toEqual([
      { algorithm: 'ed25519', engine: null, unavailable: [{ name: 'only', reason: 'install only' }], notTried: [] },
    ]);
  });

  it('does not take a fault for an absence', async () => {
    const broken: EngineBinding = { name: 'broken', load: () => Promise.reject(new Error('self-test failed')) };
    await expect(selectEngines([withEngines(broken, sodium)])).rejects.toThrow('self-test failed');
  });

  it('reports every algorithm of the registry, in its order, as JSON', async () => {
    const report = reportEngines(await selectEngines(allAlgorithms()));
    expect(report.map((entry) => entry.algorithm)).toEqual(allAlgorithms().map((algorithm) => algorithm.name));
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  });
});
