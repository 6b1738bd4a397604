/** The HTTP process reads all metadata and prepares all payloads, and must load no native code for it. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** Runs without --allow-addons: Node itself refuses whatever would load a native addon, koffi and sodium among them. */
const CHILD = `
import { allAlgorithms } from ${JSON.stringify(new URL('./registry.ts', import.meta.url).href)};

const names = [];
for (const algorithm of allAlgorithms()) {
  const parameters = algorithm.parseParameters({}).value;
  const payload = { kind: 'message', bytes: new Uint8Array(32), digest: undefined };
  algorithm.prepare(payload, {}, parameters);
  algorithm.prepare({ ...payload, kind: 'digest', digest: 'sha-256' }, { deterministic: true }, parameters);
  algorithm.keySizeBits(parameters);
  algorithm.legacyKeyUse(parameters);
  algorithm.maxSignatureBytes(parameters);
  names.push(algorithm.name);
}
let refused = '';
try { await allAlgorithms()[0].engines[0].load(); } catch (error) { refused = String(error.code ?? error.cause?.code ?? error); }
process.stdout.write(JSON.stringify({ count: names.length, refused }));
`;

it('the registry loads no native code, and its engines do', () => {
  const repository = fileURLToPath(new URL('../../..', import.meta.url));
  const child = spawnSync(
    process.execPath,
    [
      ...['--permission', `--allow-fs-read=${repository}`, '--allow-fs-read=/etc/alpine-release'],
      ...['--input-type=module', '--eval', CHILD],
    ],
    { cwd: fileURLToPath(new URL('.', import.meta.url)), encoding: 'utf8', timeout: 15_000 },
  );
  expect(child.stderr).toBe('');
  const { count, refused } = JSON.parse(child.stdout) as { count: number; refused: string };
  expect(count).toBeGreaterThan(0);
  expect(refused).not.toBe('');
});
