/** Engines are loaded while a process may still open files, and have to work when it no longer may. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { allAlgorithms } from '../registry.ts';

/**
 * Loads every engine that is here, takes away reading and addons from Node and all further file descriptors from the
 * process, and only then makes, loads and uses keys for the first time.
 */
const CHILD = `
import { readFileSync } from 'node:fs';
import koffi from 'koffi';
import { allAlgorithms } from ${JSON.stringify(new URL('../registry.ts', import.meta.url).href)};

const loaded = [];
for (const algorithm of allAlgorithms()) {
  for (const { name, load } of algorithm.engines) {
    try {
      loaded.push({ algorithm, name, engine: await load() });
    } catch (error) {
      if (error.name !== 'EngineUnavailable') throw error;
    }
  }
}

const setrlimit = koffi.load(null).func('int setrlimit(int resource, const void *limit)');
process.permission.drop('fs.read');
process.permission.drop('addon');
const RLIMIT_NOFILE = 7;
if (setrlimit(RLIMIT_NOFILE, new BigUint64Array(2)) !== 0) throw new Error('setrlimit failed');
let canRead = true;
try { readFileSync('/etc/passwd'); } catch { canRead = false; }

const digest = { kind: 'digest', bytes: new Uint8Array(32), digest: 'sha-256' };
const message = { kind: 'message', bytes: new Uint8Array(32), digest: undefined };
const done = [];
for (const { algorithm, name, engine } of loaded) {
  const parameters = algorithm.parseParameters({}).value;
  const prepared = [digest, message]
    .flatMap((payload) => [{}, { padding: 'pss' }, { variant: 'pure' }, { domain: Uint8Array.of(1) }].map((options) => [payload, options]))
    .map(([payload, options]) => algorithm.prepare(payload, options, parameters))
    .find(({ ok }) => ok).value;
  const material = engine.generate(parameters);
  const key = engine.loadPrivate(material.privateKey, material.parameters);
  const out = new Uint8Array(algorithm.maxSignatureBytes(material.parameters));
  const length = key.signer(prepared.scheme)(prepared.bytes, out);
  const verifying = engine.loadPublic(material.publicKey, material.parameters);
  let good = algorithm.operation === 'derive'
    ? length === 32
    : verifying.verifier(prepared.scheme)(prepared.bytes, out.subarray(0, length));
  key.destroy();
  if (algorithm.derivesChildren) {
    const child = engine.deriveChild(material.privateKey, material.parameters, [1]);
    const childKey = engine.loadPrivate(child.privateKey, child.parameters);
    const childLength = childKey.signer(prepared.scheme)(prepared.bytes, out);
    const childVerifying = engine.loadPublic(child.publicKey, child.parameters);
    good &&= childVerifying.verifier(prepared.scheme)(prepared.bytes, out.subarray(0, childLength));
  }
  done.push([algorithm.name, name, good]);
}
process.stdout.write(JSON.stringify({ canRead, done }));
`;

describe.skipIf(process.platform !== 'linux')('engines in a process that may open no file (needs Linux)', () => {
  it('make, load and use keys all the same', () => {
    const repository = fileURLToPath(new URL('../../../..', import.meta.url));
    const child = spawnSync(
      process.execPath,
      [
        ...['--permission', '--allow-addons', '--disable-warning=PERM0001', '--disable-warning=ExperimentalWarning'],
        ...[`--allow-fs-read=${repository}`, '--allow-fs-read=/etc/alpine-release'],
        ...['--input-type=module', '--eval', CHILD],
      ],
      { cwd: fileURLToPath(new URL('..', import.meta.url)), encoding: 'utf8', timeout: 15_000 },
    );
    expect(child.stderr).toBe('');
    const { canRead, done } = JSON.parse(child.stdout) as {
      canRead: boolean;
      done: readonly (readonly [algorithm: string, engine: string, good: boolean])[];
    };
    expect(canRead).toBe(false);
    expect(new Set(done.map(([algorithm]) => algorithm))).toEqual(new Set(allAlgorithms().map(({ name }) => name)));
    for (const [algorithm, engine, good] of done) expect(good, `${algorithm} on ${engine}`).toBe(true);
  });
});
