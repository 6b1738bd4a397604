import { EngineUnavailable } from '@countersign/algorithms/engine';
import { selectEngines } from '@countersign/algorithms/engine-selection';
import { allAlgorithms } from '@countersign/algorithms/registry';
import type { Command } from './command.ts';

/** What one more package of the system brings, by the engine that is missing without it. */
const GAINS: Readonly<Record<string, string>> = {
  libsecp256k1:
    'Debian and Ubuntu: apt install libsecp256k1-1. About 1.8 times as many secp256k1 and BIP340 signatures a second as the npm package gives.',
};

export const engines: Command = {
  name: 'engines',
  summary: 'show which library runs each algorithm on this machine',
  details: () => 'Loads every engine, so what it shows is what the service will use.\n',
  run: async (_argv, io) => {
    const rows: string[][] = [['ALGORITHM', 'ENGINE', 'LIBRARY']];
    /** By engine and reason: the algorithms that would use it. */
    const missing = new Map<string, { engine: string; reason: string; algorithms: string[] }>();
    for (const { algorithm, selected, unavailable } of (await selectEngines(allAlgorithms())).values()) {
      rows.push([
        algorithm.name,
        selected?.name ?? 'none',
        selected?.engine.description ?? 'keys of this algorithm are refused',
      ]);
      for (const { name, reason } of unavailable) {
        const entry = missing.get(`${name} ${reason}`) ?? { engine: name, reason, algorithms: [] };
        entry.algorithms.push(algorithm.name);
        missing.set(`${name} ${reason}`, entry);
      }
    }
    rows.push(...(await thresholdRows()));
    io.stdout(table(rows));
    for (const { engine, reason, algorithms } of missing.values()) {
      io.stdout(`\n${engine} would come before it for ${algorithms.join(', ')}: ${reason}\n`);
      const gain = GAINS[engine];
      if (gain !== undefined) io.stdout(`  ${gain}\n`);
    }
    return 0;
  },
};

/** The arithmetic of threshold signing, which has engines of its own. */
async function thresholdRows(): Promise<readonly string[][]> {
  const { loadSecp256k1Group } = await import('@countersign/threshold/engines/secp256k1/load-group');
  const { loadEd25519Group } = await import('@countersign/threshold/engines/ed25519/load-group');
  const groups = [
    ['threshold bip340', loadSecp256k1Group],
    ['threshold ed25519', loadEd25519Group],
  ] as const;
  return Promise.all(
    groups.map(async ([name, load]) => {
      try {
        const group = await load();
        const warning = group.constantTime ? '' : '; not constant-time: install libsodium (Debian: libsodium23)';
        return [name, group.name, `${group.description}${warning}`];
      } catch (error) {
        if (!(error instanceof EngineUnavailable)) throw error;
        return [name, 'none', error.message];
      }
    }),
  );
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
