import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dsmTime, parseDsmTime } from './dsm-time.ts';

describe('DSM times', () => {
  it('look like the reference', () => {
    expect(dsmTime(Date.UTC(2017, 4, 9, 7, 9, 12, 999))).toBe('20170509T070912Z');
    expect(dsmTime(0)).toBe('19700101T000000Z');
  });

  it('are read back to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (seconds) => {
        expect(parseDsmTime(dsmTime(seconds * 1000))).toBe(seconds * 1000);
      }),
    );
  });

  it.each([
    '2017-05-09T07:09:12Z',
    '20170509T070912',
    '20170231T000000Z',
    '20171301T000000Z',
    '20170509T250000Z',
    '',
    '１9700101T000000Z',
  ])('refuse %j', (text) => {
    expect(parseDsmTime(text)).toBeUndefined();
  });
});
