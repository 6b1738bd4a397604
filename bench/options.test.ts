import { describe, expect, it } from 'vitest';
import { type BenchOptions, parseBenchOptions } from './options.ts';

function parsed(...argv: readonly string[]): BenchOptions {
  const options = parseBenchOptions(argv);
  if (options === 'help') throw new Error('help');
  return options;
}

describe('the options of the benchmark', () => {
  it('leave threshold keys out unless they are asked for', () => {
    expect(parsed()).toMatchObject({ hasService: true, threshold: undefined });
    expect(parsed('--quick').threshold).toBeUndefined();
    expect(parsed('--full')).toMatchObject({ hasService: true, threshold: { concurrent: 100 } });
  });

  it('measure threshold keys alone with --threshold', () => {
    const { hasService, threshold } = parsed('--threshold', '--seconds', '3');
    expect(hasService).toBe(false);
    expect(threshold).toMatchObject({ batchSizes: [10, 100, 1000], seconds: 3, concurrent: 100 });
    expect(threshold?.quorums).toEqual([
      { threshold: 2, parties: 3 },
      { threshold: 5, parties: 9 },
    ]);
    expect(parsed('--threshold', '--quick').threshold?.quorums).toEqual([{ threshold: 2, parties: 3 }]);
  });

  it('refuse what --threshold would silently ignore', () => {
    for (const other of [['--full'], ['--algorithms', 'P-256'], ['--stored-keys', '5']])
      expect(() => parsed('--threshold', ...other)).toThrow('threshold keys alone');
  });

  it('measure requests alone with --requests, a million stored ones with --full, and leave them out otherwise', () => {
    expect(parsed().requests).toBeUndefined();
    expect(parsed('--threshold').requests).toBeUndefined();
    expect(parsed('--requests')).toMatchObject({
      hasService: false,
      threshold: undefined,
      requests: { clients: [1, 8, 64], policies: [10, 1000], storedRequests: 100_000, seconds: 2 },
    });
    expect(parsed('--requests', '--full')).toMatchObject({
      hasService: false,
      threshold: undefined,
      requests: { storedRequests: 1_000_000 },
    });
    expect(parsed('--full')).toMatchObject({ hasService: true, requests: { storedRequests: 1_000_000 } });
    expect(parsed('--requests', '--quick', '--seconds', '0.2').requests).toMatchObject({ rounds: 1, seconds: 0.2 });
  });

  it('refuse what --requests would silently ignore', () => {
    for (const other of [['--threshold'], ['--algorithms', 'P-256'], ['--stored-keys', '5']])
      expect(() => parsed('--requests', ...other)).toThrow('requests alone');
  });
});
