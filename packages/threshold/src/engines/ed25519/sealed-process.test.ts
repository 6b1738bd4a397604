/** The group is loaded while a process may still open files, and has to work when it no longer may. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Loads, takes reading, addons and all further file descriptors away, and only then uses the group. */
const CHILD = `
import { readFileSync } from 'node:fs';
import koffi from 'koffi';
import { loadEd25519Group } from ${JSON.stringify(new URL('./load-group.ts', import.meta.url).href)};

const group = await loadEd25519Group();
const setrlimit = koffi.load(null).func('int setrlimit(int resource, const void *limit)');
process.permission.drop('fs.read');
process.permission.drop('addon');
const RLIMIT_NOFILE = 7;
if (setrlimit(RLIMIT_NOFILE, new BigUint64Array(2)) !== 0) throw new Error('setrlimit failed');
let canRead = true;
try { readFileSync('/etc/passwd'); } catch { canRead = false; }

const [a, b, c] = [0, 0, 0].map(() => new Uint8Array(32));
group.randomScalar(a);
group.randomScalar(b);
group.multiplyScalars(c, a, b);
group.addScalars(c, c, a);
group.negateScalar(c, c);
group.negateScalar(c, c);
const p = group.multiplyBase(b);
const left = group.add([group.multiplyPublic(p, a), group.multiplyBasePublic(a)]);
const decoded = group.decode(group.encode(left));
const shared = new Uint8Array(32);
group.diffieHellman(shared, a, p);
const digest = new Uint8Array(64);
group.hash(digest, [shared]);
group.reduce(a, digest);
group.invertPublic(a);
const verified = group.verifySignature(group.encode(p), shared, digest);
process.stdout.write(JSON.stringify({ canRead, isRight: group.equals(decoded, group.multiplyBase(c)), verified }));
`;

describe.skipIf(process.platform !== 'linux')('Ed25519 in a process that may open no file (needs Linux)', () => {
  it('works all the same', () => {
    const repository = fileURLToPath(new URL('../../../../..', import.meta.url));
    const child = spawnSync(
      process.execPath,
      [
        ...['--permission', '--allow-addons', '--disable-warning=PERM0001', '--disable-warning=ExperimentalWarning'],
        ...[`--allow-fs-read=${repository}`, '--allow-fs-read=/etc/alpine-release'],
        ...['--input-type=module', '--eval', CHILD],
      ],
      { cwd: fileURLToPath(new URL('.', import.meta.url)), encoding: 'utf8', timeout: 15_000 },
    );
    expect(child.stderr).toBe('');
    expect(JSON.parse(child.stdout)).toEqual({ canRead: false, isRight: true, verified: false });
  });
});
