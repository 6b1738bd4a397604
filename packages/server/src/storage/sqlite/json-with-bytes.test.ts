import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromJsonText, toJsonText } from './json-with-bytes.ts';

describe('JSON with bytes', () => {
  const names = fc.oneof(fc.string(), fc.constantFrom('$b', '$i', '$u', '$$b', '$', '__proto__'));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, false, undefined, 0, -1.5, 2 ** 53 - 1),
      fc.string(),
      fc.bigInt(),
      fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(fc.tuple(names, tie('value')), { maxLength: 4 }).map((members) => Object.fromEntries(members)),
    ),
  }));

  it('gives back any value, whatever its members are called', () => {
    fc.assert(
      fc.property(value, (each) => {
        expect(fromJsonText(toJsonText(each))).toStrictEqual(each);
      }),
    );
  });

  it("reads nothing of a caller's as bytes", () => {
    const hostile = JSON.parse('{"$b":"AAAA","a":{"$u":0},"__proto__":{"x":1}}') as unknown;
    const again = fromJsonText(toJsonText(hostile));
    expect(again).toStrictEqual(hostile);
    expect(Object.hasOwn(again as object, '__proto__')).toBe(true);
  });
});
