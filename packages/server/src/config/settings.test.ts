import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { acceptsSource, environmentName, type Setting } from './setting.ts';
import { describeSettings, readSettings } from './settings.ts';
import { settingsHelp, settingsMarkdown } from './settings-help.ts';
import { SETTING_NAMES, SETTINGS, type SettingName, type SettingValues } from './settings-table.ts';

const operatingGuide = resolve(import.meta.dirname, '../../../../docs/operating.md');
const folder = mkdtempSync(join(tmpdir(), 'countersign-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function configFile(content: unknown): string {
  const path = join(folder, `config-${files++}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

function settingsOf(argv: readonly string[], environment: Record<string, string> = {}): SettingValues {
  const outcome = readSettings(argv, environment);
  if (!outcome.ok) throw new Error(outcome.problems.join('\n'));
  return outcome.settings;
}

function problemsOf(argv: readonly string[], environment: Record<string, string> = {}): readonly string[] {
  const outcome = readSettings(argv, environment);
  return outcome.ok ? [] : outcome.problems;
}

const apiKey = Buffer.from('6f1c1d6e-7a53-4d0b-9f52-3f4a8a3f2c11:0123456789abcdef0123').toString('base64');

/** A good and a bad text for every setting. A new setting needs a line here to compile. */
const SAMPLES: Readonly<Record<SettingName, readonly [good: string, value: unknown, bad: string]>> = {
  'data-dir': ['/var/lib/countersign', '/var/lib/countersign', ''],
  listen: ['[::1]:9000', { host: '::1', port: 9000 }, '127.0.0.1:65536'],
  'insecure-listen': ['true', true, 'yes'],
  'tls-cert': ['cert.pem', 'cert.pem', ''],
  'tls-key': ['key.pem', 'key.pem', 'a\nb'],
  'bootstrap-key': [apiKey, apiKey, 'bm90LWEta2V5'],
  'root-key-file': ['root.key', 'root.key', ''],
  'root-key': ['ab'.repeat(32), 'ab'.repeat(32), 'ab'.repeat(31)],
  'root-passphrase': ['correct horse battery', 'correct horse battery', 'too short'],
  'database-url': ['sqlite', undefined, 'postgres://user:hunter2@db/x'],
  signers: ['3', 3, '0'],
  'webauthn-rp-id': ['sign.example', 'sign.example', 'https://sign.example'],
  'webauthn-origins': [
    'https://a.example, http://b.example:81',
    ['https://a.example', 'http://b.example:81'],
    'a.example',
  ],
  'prices-file': ['prices.json', 'prices.json', ''],
  'prices-max-age-seconds': ['60', 60, '59'],
  'max-body-bytes': ['2048', 2048, '1e6'],
  'max-batch-items': ['10', 10, '-1'],
  'session-seconds': ['600', 600, '59'],
  'allow-inline-sign': ['true', true, '1'],
  'max-ceremony-items': ['10', 10, '4097'],
  'allow-full-export': ['true', true, '1'],
  'share-backup': ['plaintext', 'plaintext', 'on'],
  'share-backup-key': ['ab'.repeat(32), 'ab'.repeat(32), 'ab'.repeat(31)],
  'drain-seconds': ['5', 5, '61'],
  'outbound-allow': ['10.0.0.0/8', [{ kind: 'network', address: '10.0.0.0', family: 4, prefixBits: 8 }], '10.0.0.0/33'],
  'log-level': ['warn', 'warn', 'loud'],
  relay: ['relay.example:8090', 'relay.example:8090', 'https://relay.example'],
  'relay-key': ['0123456789abcdef', '0123456789abcdef', 'too short'],
  'relay-room-prefix': ['eu-', 'eu-', 'e u'],
  'relay-rooms': ['5', 5, '0'],
  'relay-connections': ['5', 5, '0'],
  'relay-join-seconds': ['5', 5, '0'],
  'relay-room-seconds': ['5', 5, '0'],
  'relay-frame-bytes': ['2048', 2048, '1'],
  'relay-room-bytes': ['65536', 65_536, '1'],
  'relay-memory-bytes': ['1048576', 1_048_576, '1'],
};

/** What another setting has to be for this one to stand alone. */
const COMPANIONS: Partial<Record<SettingName, readonly string[]>> = {
  'tls-cert': ['--tls-key', 'k.pem'],
  'tls-key': ['--tls-cert', 'c.pem'],
  'share-backup-key': ['--share-backup', 'encrypted'],
};

describe('settings', () => {
  it('have safe defaults', () => {
    const settings = settingsOf([]);
    expect(settings['data-dir']).toBe('./data');
    expect(settings.listen).toEqual({ host: '127.0.0.1', port: 8080 });
    expect(settings['max-body-bytes']).toBe(524_288);
    expect(settings['max-batch-items']).toBe(1000);
    expect(settings['allow-inline-sign']).toBe(false);
    expect(settings['insecure-listen']).toBe(false);
    expect(settings.signers).toBeGreaterThan(0);
  });

  describe.each(SETTING_NAMES)('%s', (name) => {
    const setting: Setting<unknown> = SETTINGS[name];
    const [good, value, bad] = SAMPLES[name];
    const companions = COMPANIONS[name] ?? [];

    it('is read from the environment', () => {
      expect(settingsOf(companions, { [environmentName(name)]: good })[name]).toEqual(value);
      expect(problemsOf(companions, { [environmentName(name)]: bad })).toHaveLength(1);
    });

    it('is read from a flag and from the file, or refused there', () => {
      const path = configFile({ [name]: good });
      if (acceptsSource(setting, 'flag')) {
        expect(settingsOf([...companions, `--${name}=${good}`])[name]).toEqual(value);
        expect(settingsOf([...companions, '--config', path])[name]).toEqual(value);
      } else {
        expect(problemsOf([`--${name}`, good]).join()).toContain(environmentName(name));
        expect(problemsOf(['--config', path]).join()).toContain(environmentName(name));
      }
    });

    it('names itself in a problem and shows no secret', () => {
      const [problem] = problemsOf(companions, { [environmentName(name)]: bad });
      expect(problem).toContain(environmentName(name));
      if (setting.secret && bad !== '') expect(problem).not.toContain(bad);
      if (setting.secret) {
        const described = JSON.stringify(describeSettings(settingsOf(companions, { [environmentName(name)]: good })));
        expect(described).not.toContain(good.slice(0, 12));
      }
    });

    it('is in the help and in the table of the docs', () => {
      expect(settingsHelp()).toContain(environmentName(name));
      expect(settingsMarkdown()).toContain(`\`${environmentName(name)}\``);
    });
  });

  it.skipIf(!existsSync(operatingGuide))(
    'are listed in docs/operating.md as they are (skipped without that file)',
    () => {
      expect(readFileSync(operatingGuide, 'utf8')).toContain(settingsMarkdown());
    },
  );

  it('prefer flags to the environment to the file to defaults', () => {
    const path = configFile({ signers: 2, 'session-seconds': 61, 'drain-seconds': 4 });
    const settings = settingsOf(['--signers', '5', `--config=${path}`], {
      COUNTERSIGN_SIGNERS: '6',
      COUNTERSIGN_SESSION_SECONDS: '62',
    });
    expect(settings.signers).toBe(5);
    expect(settings['session-seconds']).toBe(62);
    expect(settings['drain-seconds']).toBe(4);
    expect(settings['max-batch-items']).toBe(1000);
  });

  it('take the place of the file from the environment as well', () => {
    expect(settingsOf([], { COUNTERSIGN_CONFIG: configFile({ signers: 7 }) }).signers).toBe(7);
  });

  it('refuse everything unknown, listing every problem of every source', () => {
    const path = configFile({ singers: 3, signers: 'many', listen: { port: 1 } });
    const problems = problemsOf(['--singers=3', 'serve', '--signers', '--drain-seconds=2', `--config=${path}`], {
      COUNTERSIGN_SINGERS: '3',
      COUNTERSIGN_LISTEN: '0.0.0.0:80',
    });
    expect(problems).toEqual([
      'unknown flag --singers',
      'unexpected argument serve',
      '--signers needs a value',
      'unknown variable COUNTERSIGN_SINGERS',
      `${path}: unknown member "singers"`,
      `${path}: "listen" must be a text, a number, true or false`,
      `${path}: "signers" must be a whole number from 1 to 64`,
      '--drain-seconds must be a whole number from 3 to 60',
      expect.stringContaining('can be reached by other machines'),
    ]);
  });

  it('leave the variables of tests, engines and launcher alone', () => {
    expect(
      problemsOf([], {
        COUNTERSIGN_VECTORS: '/v',
        COUNTERSIGN_URL: 'http://127.0.0.1:8080',
        COUNTERSIGN_TOKEN: 't',
        COUNTERSIGN_SOAK: '1',
        COUNTERSIGN_LIBSECP256K1: '/l',
        PATH: '/bin',
      }),
    ).toEqual([]);
  });

  it('refuse a value that a better source overrules', () => {
    expect(problemsOf(['--signers', '2'], { COUNTERSIGN_SIGNERS: 'x' })).toHaveLength(1);
  });

  it('refuse a flag that is given twice', () => {
    expect(problemsOf(['--signers=1', '--signers=2'])).toEqual(['--signers is given twice']);
  });

  it.each([
    ['not JSON', '{"root-key": "abcd', "isn't JSON"],
    ['a list', [], 'one JSON object'],
    ['larger than it can be', ' '.repeat(70_000), 'larger than'],
    ['with a prototype', '{"__proto__": {"signers": 3}}', 'unknown member'],
  ])('refuse a file that is %s', (_, content, problem) => {
    const [first] = problemsOf(['--config', configFile(content)]);
    expect(first).toContain(problem);
    expect(first).not.toContain('abcd');
  });

  it('refuse a file that is not there', () => {
    expect(problemsOf(['--config', join(folder, 'none.json')])[0]).toContain('ENOENT');
  });

  it('do not repeat an argument that may be a secret', () => {
    const problems = problemsOf([apiKey, `--${apiKey}`, `--bootstrap-kye=${apiKey}`]).join('\n');
    expect(problems).not.toContain(apiKey.slice(0, 10));
    expect(problems).toContain('--bootstrap-kye');
  });

  it.each([
    ['0.0.0.0:8080', false],
    ['[::]:8080', false],
    ['example.org:8080', false],
    ['127.9.9.9:8080', true],
    ['[::1]:8080', true],
    ['localhost:8080', true],
    ['127.0.0.1.example.org:8080', false],
  ])('serve %s without TLS only where that is loopback', (listen, allowed) => {
    expect(problemsOf(['--listen', listen])).toHaveLength(allowed ? 0 : 1);
    expect(problemsOf(['--listen', listen, '--insecure-listen'])).toEqual([]);
    expect(problemsOf(['--listen', listen, '--tls-cert=c', '--tls-key=k'])).toEqual([]);
  });

  it.each(['8080', ':8080', '127.0.0.1', '127.0.0.1:', '127.0.0.1:0x50', '[127.0.0.1]:80', 'a b:80'])(
    'refuse %s as an address',
    (listen) => {
      expect(problemsOf(['--listen', listen])[0]).toContain('ADDRESS:PORT');
    },
  );

  it('take one source of the root key', () => {
    const environment = { COUNTERSIGN_ROOT_KEY: 'ab'.repeat(32), COUNTERSIGN_ROOT_PASSPHRASE: 'correct horse battery' };
    expect(problemsOf([], environment)).toEqual(['only one of root-key, root-passphrase can be given']);
  });

  it('of the relay are its own, with its own defaults', () => {
    const problemsOfRelay = (argv: readonly string[], environment: Record<string, string> = {}) => {
      const outcome = readSettings(argv, environment, 'relay');
      return outcome.ok ? [] : outcome.problems;
    };
    const outcome = readSettings(['--relay-rooms', '7'], {}, 'relay');
    if (!outcome.ok) throw new Error(outcome.problems.join());
    expect(outcome.settings.listen).toEqual({ host: '127.0.0.1', port: 8090 });
    expect(Object.keys(describeSettings(outcome.settings, 'relay'))).not.toContain('data-dir');
    expect(problemsOfRelay(['--data-dir', 'x'])).toEqual(['unknown flag --data-dir', 'unexpected argument x']);
    expect(problemsOfRelay(['--config', configFile({ signers: 2 })])[0]).toContain('unknown member "signers"');
    // One environment may serve both commands of a machine; a variable of neither is a mistake still.
    expect(problemsOfRelay([], { COUNTERSIGN_DATA_DIR: '/d', COUNTERSIGN_SIGNERS: 'x' })).toEqual([]);
    expect(problemsOfRelay([], { COUNTERSIGN_RELAY_ROMS: '1' })).toEqual(['unknown variable COUNTERSIGN_RELAY_ROMS']);
    expect(settingsHelp('relay')).toContain('127.0.0.1:8090');
    expect(settingsHelp('relay')).not.toContain('--data-dir');
  });

  it('take several relay keys', () => {
    const keys = '0123456789abcdef,fedcba9876543210';
    expect(settingsOf(['--relay-key', keys])['relay-key']).toBe(keys);
    expect(problemsOf(['--relay-key', '0123456789abcdef,short'])).toHaveLength(1);
  });

  it('want certificate and key together', () => {
    expect(problemsOf(['--tls-cert', 'c'])).toEqual(['tls-cert and tls-key are given together or not at all']);
  });
});
