import { describe, expect, it } from 'vitest';
import type { Command } from './command.ts';
import { COMMANDS } from './commands.ts';
import { runCommand } from './run-command.ts';

async function run(
  commands: readonly Command[],
  ...argv: string[]
): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await runCommand(commands, argv, {
    stdout: (text) => void out.push(text),
    stderr: (text) => void err.push(text),
  });
  return { code, out: out.join(''), err: err.join('') };
}

const command = (name: string): Command => ({
  name,
  summary: `about ${name}`,
  details: () => `details of ${name}\n`,
  run: (argv, io) => {
    io.stdout(`${name}(${argv.join('|')})`);
    return Promise.resolve(1);
  },
});
const two = [command('log'), command('log verify'), command('serve')];

describe('command line', () => {
  it('hands the rest of the line to the command and its exit code back', async () => {
    expect(await run(two, 'serve', '--a', 'b')).toEqual({ code: 1, out: 'serve(--a|b)', err: '' });
  });

  it('takes the longest name', async () => {
    expect((await run(two, 'log', 'verify', 'x')).out).toBe('log verify(x)');
    expect((await run(two, 'log', 'other')).out).toBe('log(other)');
  });

  it.each([['help'], ['--help'], ['-h']])('lists the commands for %s', async (...argv) => {
    const { code, out } = await run(two, ...argv);
    expect(code).toBe(0);
    for (const { name, summary } of two) expect(out).toMatch(new RegExp(`${name} +${summary}`));
  });

  it.each([
    ['help', 'log', 'verify'],
    ['log', 'verify', '--help'],
    ['log', 'verify', '--expect', 'x', '-h'],
  ])('shows the details of one for %s %s %s', async (...argv) => {
    expect(await run(two, ...argv)).toEqual({
      code: 0,
      out: 'countersign log verify: about log verify\n\ndetails of log verify\n',
      err: '',
    });
  });

  it.each([[[]], [['sreve']], [['help', 'sreve']], [['verify']]])(
    'answers %j with 2 and a hint on stderr',
    async (argv) => {
      const { code, out, err } = await run(two, ...argv);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toContain('countersign');
    },
  );

  it('has details for every command', async () => {
    for (const { name, summary } of COMMANDS) {
      const { code, out } = await run(COMMANDS, 'help', ...name.split(' '));
      expect(code).toBe(0);
      expect(out).toContain(summary);
    }
  });

  it('prints versions', async () => {
    const { code, out } = await run(COMMANDS, '--version');
    expect(code).toBe(0);
    expect(out).toMatch(/^countersign \d+\.\d+\.\d+ \(Node 2[6-9]/);
  });
});

describe('countersign serve', () => {
  it('refuses bad settings with 2, every problem on a line of its own, before it touches anything', async () => {
    const { code, out, err } = await run(COMMANDS, 'serve', '--listen', '0.0.0.0:80', '--signers=0', '--dta-dir=x');
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.split('\n').filter((line) => line.startsWith('  - '))).toHaveLength(3);
  });
});

describe('countersign engines', () => {
  it('shows an engine and its library for every algorithm', async () => {
    const { code, out } = await run(COMMANDS, 'engines');
    expect(code).toBe(0);
    expect(out).toMatch(/^ecdsa-p256 +openssl +OpenSSL 3/m);
    expect(out).toMatch(/^ed25519 +\S+ +\S/m);
  });
});
