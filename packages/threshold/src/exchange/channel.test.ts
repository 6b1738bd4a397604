import { describe, expect, it } from 'vitest';
import { digest, testIdentity } from '../../test/exchange/test-identities.ts';
import { openChannel } from './channel.ts';
import { NO_HASH, signStatement } from './statement.ts';
import { x25519PrivateKey, x25519PublicBytes } from './x25519.ts';

function pair(options: { roomOfB?: string; freshOfB?: string; contentForB?: string } = {}) {
  const [a, b] = [testIdentity(0), testIdentity(1)];
  const freshA = x25519PrivateKey(digest('fresh a'));
  const freshB = x25519PrivateKey(digest(options.freshOfB ?? 'fresh b'));
  const hello = (me: typeof a, session: Uint8Array, content: string) =>
    signStatement(
      me,
      { kind: 'hello', round: 0, room: NO_HASH, operation: NO_HASH, session, previous: NO_HASH },
      Buffer.from(content),
    );
  const publicB = x25519PublicBytes(x25519PrivateKey(digest('fresh b')));
  const helloA = hello(a, x25519PublicBytes(freshA), 'a');
  const helloB = hello(b, publicB, 'b');
  const helloAAtB = hello(a, x25519PublicBytes(freshA), options.contentForB ?? 'a');
  const ofA = { me: a, other: b.public, myFreshKey: freshA, room: digest('room'), myHello: helloA, otherHello: helloB };
  const room = digest(options.roomOfB ?? 'room');
  const ofB = { me: b, other: a.public, myFreshKey: freshB, room, myHello: helloB, otherHello: helloAAtB };
  return { a: openChannel(ofA), b: openChannel(ofB), parts: ofA };
}

const plain = Buffer.from('what a party says');

describe('a channel', () => {
  it('carries to the other end what was sealed, in both directions and any order', () => {
    const { a, b } = pair();
    const [first, second] = [a.seal(0, plain), a.seal(1, Buffer.from('more'))];
    expect(b.open(1, second)).toEqual(Buffer.from('more'));
    expect(b.open(0, first)).toEqual(plain);
    expect(a.open(0, b.seal(0, plain))).toEqual(plain);
  });

  it('opens nothing under another number, nothing altered, and nothing of its own', () => {
    const { a, b } = pair();
    const sealed = a.seal(0, plain);
    expect(b.open(1, sealed)).toBeUndefined();
    expect(a.open(0, sealed)).toBeUndefined();
    for (let i = 0; i < sealed.length; i += 1) {
      const altered = Buffer.from(sealed);
      altered.writeUInt8(altered.readUInt8(i) ^ 1, i);
      expect(b.open(0, altered)).toBeUndefined();
    }
    expect(b.open(0, sealed.subarray(0, 15))).toBeUndefined();
  });

  it.each([{ roomOfB: 'another room' }, { freshOfB: 'another fresh key' }, { contentForB: 'another hello' }])(
    'is of one room, one pair of fresh keys and one pair of hellos: %o',
    (options) => {
      const { a, b } = pair(options);
      expect(b.open(0, a.seal(0, plain))).toBeUndefined();
    },
  );

  it('uses no number twice', () => {
    const { a } = pair();
    a.seal(0, plain);
    a.seal(5, plain);
    expect(() => a.seal(5, plain)).toThrow('used twice');
    expect(() => a.seal(4, plain)).toThrow('used twice');
  });

  it('is of no use once erased', () => {
    const { a, b } = pair();
    const sealed = a.seal(0, plain);
    b.erase();
    a.erase();
    expect(b.open(0, sealed)).toBeUndefined();
    expect(() => a.seal(1, plain)).toThrow('erased');
  });

  it('is refused with a fresh key of low order', () => {
    const { parts } = pair();
    const head = { kind: 'hello', round: 0, room: NO_HASH, operation: NO_HASH, previous: NO_HASH } as const;
    const otherHello = signStatement(testIdentity(1), { ...head, session: NO_HASH }, plain);
    expect(() => openChannel({ ...parts, otherHello })).toThrow(RangeError);
  });
});
