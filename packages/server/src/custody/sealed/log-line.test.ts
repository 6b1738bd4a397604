import { describe, expect, it, vi } from 'vitest';
import { describeError, logLine } from './log-line.ts';

describe('logLine', () => {
  it('writes a bounded number of lines in a second, and counts the rest in the next one', () => {
    const lines: string[] = [];
    const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
    vi.useFakeTimers({ now: 5000 });
    try {
      for (let index = 0; index < 100; index++) logLine('event');
      expect(lines).toHaveLength(20);
      vi.setSystemTime(6000);
      logLine('event');
      expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ event: 'event', suppressed: 80 });
    } finally {
      vi.useRealTimers();
      write.mockRestore();
    }
  });
});

describe('describeError', () => {
  it('leaves out the message, wherever it has lines', () => {
    const described = JSON.stringify(describeError(new TypeError('secret\nmore secret')));
    expect(described).toContain('TypeError');
    expect(described).toContain('log-line.test.ts');
    expect(described).not.toContain('secret');
  });
});
