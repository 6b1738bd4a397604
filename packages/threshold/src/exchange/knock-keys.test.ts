import { expect, it } from 'vitest';
import { digest, testIdentity } from '../../test/exchange/test-identities.ts';
import { KnockKeys } from './knock-keys.ts';

const [a, b] = [testIdentity(0), testIdentity(1)];
const both = [a.public, b.public];
const salt = digest('salt');

it('both ends get the key of a knock, of one room, one salt and one direction', () => {
  const atA = new KnockKeys(a, both, digest('room'));
  const atB = new KnockKeys(b, both, digest('room'));
  const elsewhere = new KnockKeys(b, both, digest('another room'));
  const sent = atA.forRecipient(1, salt);
  expect(atB.fromSender(0, salt)).toEqual(sent);
  const others = [elsewhere.fromSender(0, salt), atB.forRecipient(0, salt), atB.fromSender(0, digest('other salt'))];
  for (const other of others) {
    expect(other.key).not.toEqual(sent.key);
    expect(other.hint).not.toEqual(sent.hint);
  }
});

it('erased keys seal and open nothing', () => {
  const keys = new KnockKeys(a, both, digest('room'));
  keys.erase();
  expect(() => keys.forRecipient(1, salt)).toThrow('erased');
  expect(() => keys.fromSender(1, salt)).toThrow('erased');
});
