import { describe, expect, it } from 'vitest';
import { firstStartText, readFirstStart } from './first-start-text.ts';

const groupId = '09294d6e-c4fa-42de-8797-18f75a5746a9';

/** The JSON bodies of the curl lines: single quotes in them would end the shell's word. */
const bodies = (text: string): unknown[] =>
  [...text.matchAll(/^curl .* -d '([^']*)' http/gm)].map((match) => JSON.parse(match[1] ?? '') as unknown);

describe('text of the first start', () => {
  it('shows the API key and two lines that name the same key', () => {
    const text = firstStartText('http://127.0.0.1:8080', { apiKey: 'YWJj', groupId });
    expect(text).toContain('\nYWJj\n');
    expect(text.match(/^curl .*Authorization: Basic YWJj".* http:\/\/127\.0\.0\.1:8080\/crypto\/v1\//gm)).toHaveLength(
      2,
    );
    const [key, batch] = bodies(text);
    expect(key).toMatchObject({ name: 'my first key', elliptic_curve: 'NistP256', group_id: groupId });
    expect(batch).toHaveLength(2);
    expect(batch).toMatchObject([{ key: { name: 'my first key' } }, { key: { name: 'my first key' } }]);
  });

  it('does not repeat an API key that the operator chose', () => {
    const text = firstStartText('https://[::1]:8080', { apiKey: undefined, groupId });
    expect(text).toContain('Basic $COUNTERSIGN_BOOTSTRAP_KEY"');
    expect(bodies(text)).toHaveLength(2);
  });

  it.each([[undefined], [null], ['x'], [{}], [{ groupId: 1, apiKey: 'a' }]])('reads %j as no first start', (report) => {
    expect(readFirstStart(report)).toBeUndefined();
  });

  it('reads what the HTTP process reports', () => {
    expect(readFirstStart({ accountId: 'a', groupId, apiKey: null })).toEqual({ groupId, apiKey: undefined });
    expect(readFirstStart({ accountId: 'a', groupId, apiKey: 'k' })).toEqual({ groupId, apiKey: 'k' });
  });
});
