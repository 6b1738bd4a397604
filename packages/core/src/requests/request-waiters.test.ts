import { describe, expect, it } from 'vitest';
import { newOrderedId, type RequestId } from '../ids.ts';
import { RequestWaiters } from './request-waiters.ts';

describe('RequestWaiters', () => {
  it('wakes all who listen to a request, and nobody else', async () => {
    const waiters = new RequestWaiters();
    const [a, b] = [newOrderedId<RequestId>(), newOrderedId<RequestId>()];
    const woken: string[] = [];
    for (const [name, id] of [
      ['first', a],
      ['second', a],
      ['other', b],
    ] as const)
      void waiters.listen(id)?.changed.then(() => woken.push(name));
    waiters.notify(a);
    await new Promise(setImmediate);
    expect(woken).toEqual(['first', 'second']);
  });

  it('takes a bounded number, and a place is free again when somebody stops', () => {
    const waiters = new RequestWaiters();
    const listeners = Array.from({ length: 10_000 }, () => waiters.listen(newOrderedId()));
    expect(waiters.listen(newOrderedId())).toBeUndefined();
    listeners[0]?.stop();
    listeners[0]?.stop();
    expect(waiters.listen(newOrderedId())).toBeDefined();
    expect(waiters.listen(newOrderedId())).toBeUndefined();
  });
});
