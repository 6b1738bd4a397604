import { isAbsolute } from 'node:path';
import { describe, expect, it } from 'vitest';
import { httpConfigOf } from './http-config.ts';
import { readSettings } from './settings.ts';

function configOf(argv: readonly string[], env: Record<string, string> = {}): ReturnType<typeof httpConfigOf> {
  const outcome = readSettings(argv, env);
  if (!outcome.ok) throw new Error(outcome.problems.join());
  return httpConfigOf(outcome.settings);
}

describe('configuration of the HTTP process', () => {
  it('never carries the root key or its passphrase', () => {
    const key = 'ab'.repeat(32);
    const passphrase = 'correct horse battery staple';
    expect(JSON.stringify(configOf([], { COUNTERSIGN_ROOT_KEY: key }))).not.toContain(key);
    expect(JSON.stringify(configOf([], { COUNTERSIGN_ROOT_PASSPHRASE: passphrase }))).not.toContain(passphrase);
    expect(JSON.stringify(configOf(['--root-key-file', '/secret/root.key']))).not.toContain('root.key');
  });

  it('survives JSON, which it travels in', () => {
    const config = configOf(['--tls-cert', 'c.pem', '--tls-key', 'k.pem', '--listen', '[::1]:1']);
    expect(JSON.parse(JSON.stringify(config))).toEqual(config);
    expect(config).toMatchObject({ host: '::1', port: 1, bootstrapKey: null });
  });

  it('names files absolutely, since that process has another working directory', () => {
    const { tls } = configOf(['--tls-cert', 'c.pem', '--tls-key', 'k.pem']);
    expect(tls !== null && isAbsolute(tls.certPath) && isAbsolute(tls.keyPath)).toBe(true);
    expect(configOf([]).tls).toBeNull();
  });
});
