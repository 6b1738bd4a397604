import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../../../', import.meta.url));
const source = (path: string) => JSON.stringify(new URL(`../../${path}`, import.meta.url).href);

/**
 * What a sealed process does: load the engines, give up every permission, and only then make keys and sign. Whatever an
 * engine left to open, load or fetch until its first use would fail here.
 */
const PROGRAM = `
  const { allAlgorithms } = await import(${source('registry.ts')});
  const { selectEngines } = await import(${source('engine-selection.ts')});
  const selected = await selectEngines(allAlgorithms());
  for (const permission of ['fs.read', 'addons']) process.permission.drop(permission);
  if (process.permission.has('fs.read') || process.permission.has('addons')) throw new Error('not sealed');

  const signed = [];
  for (const algorithm of allAlgorithms()) {
    const choice = selected.get(algorithm.name).selected;
    if (choice?.name !== 'openssl') continue;
    const parameters = algorithm.parseParameters({}).value;
    const material = choice.engine.generate(parameters);
    const signing = choice.engine.loadPrivate(material.privateKey, parameters);
    const verifying = choice.engine.loadPublic(material.publicKey, parameters);
    const out = new Uint8Array(algorithm.maxSignatureBytes(parameters));
    for (const options of [{}, { deterministic: true }, { padding: 'pss', mgf1Digest: 'sha-1' }, { variant: 'pre-hash' }]) {
      const payload = { kind: 'message', bytes: new Uint8Array(10), digest: 'sha-512' };
      const prepared = algorithm.prepare(payload, options, parameters);
      if (!prepared.ok) continue;
      const { scheme, bytes } = prepared.value;
      const length = signing.signer(scheme)(bytes, out);
      if (!verifying.verifier(scheme)(bytes, out.subarray(0, length))) throw new Error(algorithm.name);
      out[9] ^= 1;
      if (verifying.verifier(scheme)(bytes, out.subarray(0, length))) throw new Error(algorithm.name);
    }
    signed.push(algorithm.name);
  }
  console.log(signed.join(' '));
`;

it('signs with every algorithm after the process gave up reading files and loading code', async () => {
  const flags = ['--permission', '--allow-addons', `--allow-fs-read=${root}*`, '--allow-fs-read=/etc/alpine-release'];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, '--disable-warning=PERM0001', '--input-type=module', '--eval', PROGRAM],
    { timeout: 20_000, cwd: root },
  );
  expect(stdout.trim().split(' ')).toEqual([
    'rsa',
    'ecdsa-p192',
    'ecdsa-p224',
    'ecdsa-p256',
    'ecdsa-p384',
    'ecdsa-p521',
    'ecdsa-secp192k1',
    'ecdsa-secp224k1',
    'ed448',
    'ml-dsa-44',
    'ml-dsa-65',
    'ml-dsa-87',
  ]);
});
