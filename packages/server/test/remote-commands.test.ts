/** The commands that talk to a service, against a whole one over loopback. */
import { spawn } from 'node:child_process';
import { createHash, verify } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/cli/commands.ts';
import { runCommand } from '../src/cli/run-command.ts';
import { addServiceAccount } from './dfns-client.ts';
import { type DfnsService, startDfnsService } from './dfns-service.ts';
import { LAUNCHER } from './running-service.ts';

type Environment = Readonly<Record<string, string | undefined>>;

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

let service: DfnsService;
let folder: string;
let administrator: Environment;

beforeAll(async () => {
  service = await startDfnsService();
  folder = mkdtempSync(join(tmpdir(), 'countersign-cli-'));
  administrator = { COUNTERSIGN_URL: service.url, COUNTERSIGN_TOKEN: service.apiKey };
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await service.close();
});

async function runAs(env: Environment, argv: readonly string[], stdin = ''): Promise<Ran> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommand(COMMANDS, argv, {
    stdout: (text) => void out.push(text),
    stderr: (text) => void err.push(text),
    stdin: () => Promise.resolve(Buffer.from(stdin)),
    env,
  });
  return { code, out: out.join(''), err: err.join('') };
}

const run = (...argv: string[]): Promise<Ran> => runAs(administrator, argv);

/** One answer, of a command that must succeed. */
async function json(...argv: string[]): Promise<Readonly<Record<string, unknown>>> {
  const { code, out, err } = await run(...argv, '--json');
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${err}`);
  return JSON.parse(out) as Readonly<Record<string, unknown>>;
}

async function newKey(algorithm: string, ...options: string[]): Promise<{ readonly id: string; readonly pem: string }> {
  const { id, publicKeyPem } = await json('key', 'create', algorithm, ...options);
  return { id: String(id), pem: String(publicKeyPem) };
}

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** A service account, as its environment. */
async function newApprover(name: string): Promise<{ readonly userId: string; readonly env: Environment }> {
  const { userId, credentialId, accessToken, privateKey } = await addServiceAccount(service.url, service.apiKey);
  return {
    userId,
    env: {
      COUNTERSIGN_URL: service.url,
      COUNTERSIGN_TOKEN_FILE: write(`${name}.token`, `${accessToken}\n`),
      COUNTERSIGN_CREDENTIAL_ID: credentialId,
      COUNTERSIGN_CREDENTIAL_KEY: write(`${name}.pem`, privateKey.export({ type: 'pkcs8', format: 'pem' })),
    },
  };
}

/** A policy by which this person approves what the key signs. */
async function governKey(keyId: string, userId: string): Promise<string> {
  const group = { quorum: 1, approvers: [userId], serviceAccountsCanApprove: true };
  const file = write(
    'policy.json',
    JSON.stringify({
      name: 'asks one',
      activity: 'sign',
      rule: { kind: 'always' },
      action: { kind: 'request-approval', groups: [group] },
      filters: { keyIds: [keyId] },
    }),
  );
  return String((await json('policy', 'create', file))['id']);
}

describe('help', () => {
  const remote = COMMANDS.filter(({ details }) => details().includes('COUNTERSIGN_URL'));

  it.each(remote.map(({ name }) => name))('of %s has examples that begin with its name', async (name) => {
    const { code, out } = await run('help', ...name.split(' '));
    expect(code).toBe(0);
    const [, examples = ''] = out.split('\nExamples:\n');
    expect(examples).toContain(`countersign ${name}`);
  });

  it('covers all of them', () => {
    expect(remote).toHaveLength(17);
  });
});

describe('key commands', () => {
  it('make, list, show and delete a key', async () => {
    const made = await run('key', 'create', 'ecdsa-p256', '--name', 'release', '--description', 'of releases');
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(made.out).toMatch(/^name +release$/m);
    expect(made.out).toContain('-----BEGIN PUBLIC KEY-----\n');
    const [, id = ''] = /^id +(key-\S+)$/m.exec(made.out) ?? [];
    expect((await run('key', 'show', 'release')).out).toBe(made.out);
    expect((await run('key', 'show', id)).out).toBe(made.out);
    expect((await run('key', 'list')).out).toMatch(new RegExp(`^${id} +release +ecdsa-p256 .* +vault +active$`, 'm'));
    expect((await run('key', 'list', '--algorithm', 'ed448')).out).toBe('There are none.\n');
    expect((await run('key', 'delete', id)).code).toBe(2);
    expect((await run('key', 'delete', 'release', '--for-good')).code).toBe(2);
    expect(await run('key', 'delete', id, '--for-good')).toEqual({ code: 0, out: `deleted ${id}\n`, err: '' });
    const gone = await run('key', 'show', id);
    expect(gone).toMatchObject({ code: 1, out: '' });
    expect(gone.err).toMatch(/^countersign key show: .*\(not_found\)/);
  });

  it('list one object per line with --json', async () => {
    const { id } = await newKey('ed448');
    const { out } = await run('key', 'list', '--algorithm', 'ed448', '--json');
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id),
    ).toEqual([id]);
  });
});

describe('sign and verify', () => {
  it('take a text, a file, standard input or a digest', async () => {
    const { id, pem } = await newKey('ecdsa-p256', '--name', 'documents');
    const file = write('document.txt', 'hello');
    const digest = createHash('sha256').update('hello').digest('hex');
    const hash = ['--hash', 'sha-256'];
    for (const [argv, stdin] of [
      [['--message', 'hello'], ''],
      [['--file', file], ''],
      [['--file', '-'], 'hello'],
      [[], 'hello'],
      [['--digest', digest], ''],
    ] as const) {
      const { code, out, err } = await runAs(administrator, ['sign', '--key', 'documents', ...hash, ...argv], stdin);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(verify('sha256', Buffer.from('hello'), pem, Buffer.from(out.trim(), 'base64'))).toBe(true);
      const checked = await run('verify', '--key', id, ...hash, '--file', file, '--signature', out.trim());
      expect(checked).toEqual({ code: 0, out: `The signature holds: ${id}\n`, err: '' });
    }
  });

  it('take files of any size, where a hash is named', async () => {
    const { id, pem } = await newKey('ecdsa-p256');
    const large = Buffer.alloc(3 * 1024 * 1024, 'large');
    const argv = ['--key', id, '--hash', 'sha-256', '--file', write('large.bin', large)];
    const { out } = await run('sign', ...argv);
    expect(verify('sha256', large, pem, Buffer.from(out.trim(), 'base64'))).toBe(true);
    expect((await run('verify', ...argv, '--signature', out.trim())).code).toBe(0);
  });

  it('say with 1 that a signature does not hold', async () => {
    const { id } = await newKey('ed25519');
    const { out } = await run('sign', '--key', id, '--message', 'a', '--format', 'hex');
    const other = await run('verify', '--key', id, '--message', 'b', '--signature', `hex:${out.trim()}`);
    expect(other).toEqual({ code: 1, out: '', err: 'BAD: the signature does not hold.\n' });
    const answer = await run('verify', '--key', id, '--message', 'b', '--signature', `hex:${out.trim()}`, '--json');
    expect(JSON.parse(answer.out)).toEqual({ valid: false, keyId: id });
  });

  it.each([
    [['sign', '--message', 'x']],
    [['sign', '--key', 'k', '--message', 'x', '--digest', 'aa']],
    [['sign', '--key', 'k', '--digest', 'xyz']],
    [['sign', '--key', 'k', '--message', 'x', '--format', 'raw']],
    [['sign', '--key', 'k', '--message', 'x', '--wait', 'long']],
    [['sign', '--key', 'k', '--token', 'secret']],
    [['verify', '--key', 'k', '--message', 'x']],
    [['verify', '--key', 'k', '--message', 'x', '--signature', 'not base64']],
    [['key', 'create']],
    [['key', 'show', 'one', 'two']],
    [['request', 'list', '--status', 'odd']],
    [['request', 'list', '--limit', '0']],
    [['approve', '--yes']],
    [['approve', 'ap-x', '--yes', '--deny']],
    [['log', 'checkpoint', '--expect', 'nothing']],
    [['log', 'verify', '--export', 'a', '--database', 'b']],
  ])('%j is wrong use', async (argv) => {
    const { code, out, err } = await run(...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(`Usage: countersign ${argv[0]}`);
  });
});

describe('requests and approvals', () => {
  it('go from a signature that waits to the decision and the same signature', async () => {
    const approver = await newApprover('first');
    const { id, pem } = await newKey('ecdsa-p256', '--name', 'treasury');
    const policyId = await governKey(id, approver.userId);

    const signing = ['sign', '--key', 'treasury', '--message', 'pay 5', '--hash', 'sha-256'];
    const waits = await run(...signing);
    expect(waits).toMatchObject({ code: 1, out: '' });
    const [requestId = ''] = /sig-\S+/.exec(waits.err) ?? [];
    expect((await run('request', 'list', '--status', 'pending', '--key', 'treasury')).out).toContain(requestId);
    const shown = (await run('request', 'show', requestId)).out;
    expect(shown).toMatch(/^status +pending$/m);
    expect(shown).toContain('OPAQUE');
    expect((await run('request', 'wait', requestId, '--timeout', '0')).err).toContain('(timed_out)');

    const mine = await runAs(approver.env, ['approve']);
    expect(mine).toMatchObject({ code: 0, err: '' });
    const [approvalId = ''] = /ap-\S+/.exec(mine.out) ?? [];
    const approval = (await runAs(approver.env, ['approve', approvalId])).out;
    expect(approval).toContain(requestId);
    expect(approval).toContain('message "pay 5"');
    expect(approval).toMatch(new RegExp(`1 of ${approver.userId}`));

    const moved = await runAs(approver.env, ['approve', approvalId, '--yes', '--digest', 'AAAA']);
    expect(moved).toMatchObject({ code: 1, out: '' });
    expect(moved.err).toContain('Nothing was decided');
    const [, digest = ''] = /^digest +(\S+)$/m.exec(approval) ?? [];
    const decided = await runAs(approver.env, ['approve', approvalId, '--yes', '--digest', digest, '--reason', 'ok']);
    expect(decided).toEqual({ code: 0, out: `approved; ${approvalId} is approved\n`, err: '' });
    expect((await run('request', 'wait', requestId, '--timeout', '20')).out).toMatch(/^status +signed$/m);
    expect((await runAs(approver.env, ['approve'])).out).toBe('There are none.\n');

    // One that waits for its own signature has it in the form in which it would have come at once.
    const waiting = run(...signing, '--wait', '20');
    const second = await untilListed(approver.env);
    await runAs(approver.env, ['approve', second, '--yes']);
    const signed = await waiting;
    expect(signed.code).toBe(0);
    expect(verify('sha256', Buffer.from('pay 5'), pem, Buffer.from(signed.out.trim(), 'base64'))).toBe(true);

    const denied = run(...signing, '--wait', '20');
    await runAs(approver.env, ['approve', await untilListed(approver.env), '--deny', '--reason', 'too late']);
    expect(await denied).toMatchObject({ code: 1, out: '' });
    expect((await denied).err).toContain('(denied_by_policy)');

    const [last = ''] = /sig-\S+/.exec((await run(...signing)).err) ?? [];
    expect(await run('request', 'cancel', last)).toMatchObject({ code: 0, err: '' });
    expect((await run('request', 'wait', last)).code).toBe(1);
    expect((await run('policy', 'archive', policyId)).out).toBe(`${policyId} is archived\n`);
  });

  async function untilListed(env: Environment): Promise<string> {
    for (let looked = 0; looked < 200; looked += 1) {
      const [approvalId] = /ap-\S+/.exec((await runAs(env, ['approve'])).out) ?? [];
      if (approvalId !== undefined) return approvalId;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error('nothing waits for approval');
  }

  it('are refused without the credential, with advice', async () => {
    const { env } = await newApprover('second');
    const { COUNTERSIGN_CREDENTIAL_ID: _id, COUNTERSIGN_CREDENTIAL_KEY: _key, ...bare } = env;
    const { code, err } = await runAs(bare, ['key', 'create', 'ed25519']);
    expect(code).toBe(1);
    expect(err).toContain('(proof_required)\nSet COUNTERSIGN_CREDENTIAL_ID');
  });

  it('show policies, and refuse a file that is none', async () => {
    const { id } = await newKey('ed25519');
    const approver = await newApprover('third');
    const policyId = await governKey(id, approver.userId);
    expect((await run('policy', 'show', policyId)).out).toMatch(/^rule +always \{\}$/m);
    expect((await run('policy', 'list')).out).toMatch(new RegExp(`^${policyId} +asks one +active`, 'm'));
    await run('policy', 'archive', policyId);
    expect((await run('policy', 'list')).out).not.toContain(policyId);
    expect((await run('policy', 'list', '--all')).out).toContain(policyId);
    expect((await runAs(administrator, ['policy', 'create', '-'], 'nonsense')).code).toBe(2);
    expect(await runAs(administrator, ['policy', 'create', '-'], '{"name":"x"}')).toMatchObject({ code: 1, out: '' });
    expect((await run('policy', 'create', join(folder, 'missing.json'))).code).toBe(1);
  });
});

describe('log commands', () => {
  it('prove that the log continues, and notice one that does not', async () => {
    const { out: first } = await run('log', 'checkpoint');
    expect(first).toMatch(/^\d+:[0-9a-f]{64}\n$/);
    await newKey('ed25519');
    const { code, out } = await run('log', 'checkpoint', '--expect', first.trim());
    expect(code).toBe(0);
    expect(Number(out.split(':')[0])).toBeGreaterThan(Number(first.split(':')[0]));
    const [size = ''] = first.split(':');
    const other = await run('log', 'checkpoint', '--expect', `${size}:${'0'.repeat(64)}`);
    expect(other).toMatchObject({ code: 1, out: '' });
    expect(other.err).toContain('rewritten');
    const longer = await run('log', 'checkpoint', '--expect', `9999999:${'0'.repeat(64)}`);
    expect(longer.err).toContain('cut off');
  });

  it('export what can be verified without the service', async () => {
    const { out: old } = await run('log', 'checkpoint');
    const { id } = await newKey('ed25519');
    await run('sign', '--key', id, '--message', 'logged');
    const file = join(folder, 'log.jsonl');
    expect((await run('log', 'export', '--out', file)).code).toBe(0);
    const { out: now } = await run('log', 'checkpoint');
    const verified = await run('log', 'verify', '--export', file, '--expect', old.trim());
    expect(verified).toMatchObject({ code: 0, err: '' });
    expect(verified.out.split('\n')[0]).toBe(now.trim());
    expect((await run('log', 'export', '--out', file)).code).toBe(1);

    expect(verified.out).toContain('the hash alone');

    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const last = JSON.parse(lines.at(-1) ?? '') as { body: string };
    const body = Buffer.from(last.body, 'base64');
    body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
    const flipped = JSON.stringify({ ...last, body: body.toString('base64') });
    for (const [name, kept] of [
      ['shortened', lines.slice(0, -1)],
      ['holed', lines.toSpliced(1, 1)],
      ['flipped', [...lines.slice(0, -1), flipped]],
      ['torn', [...lines.slice(0, -1), 'x']],
    ] as const) {
      const damaged = write(`${name}.jsonl`, `${kept.join('\n')}\n`);
      expect((await run('log', 'verify', '--export', damaged, '--expect', now.trim())).code, name).toBe(1);
    }
    const holed = await run('log', 'verify', '--export', join(folder, 'holed.jsonl'));
    expect(holed).toMatchObject({ code: 1, out: '' });
    expect(holed.err).toContain('missing or out of order');
  });
});

describe('whom they talk to', () => {
  it('is told by the environment, and what is missing or unreadable is wrong use', async () => {
    const { COUNTERSIGN_URL } = administrator;
    for (const env of [
      { COUNTERSIGN_URL },
      { ...administrator, COUNTERSIGN_TOKEN_FILE: 'x' },
      { ...administrator, COUNTERSIGN_CREDENTIAL_ID: 'cr-x' },
      { ...administrator, COUNTERSIGN_CREDENTIAL_KEY: join(folder, 'log.jsonl') },
      { ...administrator, COUNTERSIGN_CREDENTIAL_ID: 'cr-x', COUNTERSIGN_CREDENTIAL_KEY: join(folder, 'none') },
      { ...administrator, COUNTERSIGN_URL: 'ftp://example.com' },
      { COUNTERSIGN_URL, COUNTERSIGN_TOKEN: 'secret with spaces' },
    ]) {
      const { code, out, err } = await runAs(env, ['key', 'list']);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).not.toContain('secret');
    }
  });

  it('may be nobody, which is said', async () => {
    const nobody = { ...administrator, COUNTERSIGN_URL: 'http://127.0.0.1:9' };
    const { code, err } = await runAs(nobody, ['key', 'list']);
    expect(code).toBe(1);
    expect(err).toContain('COUNTERSIGN_URL');
  });

  it('never shows a key that can not be read', async () => {
    const pem = write('broken.pem', '-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\n-----END PRIVATE KEY-----\n');
    const env = { ...administrator, COUNTERSIGN_CREDENTIAL_ID: 'cr-x', COUNTERSIGN_CREDENTIAL_KEY: pem };
    const { code, err } = await runAs(env, ['key', 'create', 'ed25519']);
    expect(code).toBe(1);
    expect(err).toContain('PEM');
    expect(err).not.toContain('MC4CAQ');
  });
});

describe('the launcher', () => {
  it('runs them with its own standard input and environment', async () => {
    const { id, pem } = await newKey('ed25519');
    const child = spawn(process.execPath, [LAUNCHER, 'sign', '--key', id], {
      env: { PATH: process.env['PATH'], ...administrator },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end('piped');
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    expect(verify(null, Buffer.from('piped'), pem, Buffer.from(out.trim(), 'base64'))).toBe(true);
  });
});
