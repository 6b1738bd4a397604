import { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { receiveChannels } from './channel-receiver.ts';

function receive(message: unknown, handle: unknown): unknown[][] {
  const source = new EventEmitter();
  const attached: unknown[][] = [];
  const stop = receiveChannels(source, (...channel) => attached.push(channel));
  source.emit('message', message, handle);
  stop();
  source.emit('message', message, handle);
  return attached;
}

describe('receiveChannels', () => {
  const message = { type: 'channel', role: 'signer', index: 1, incarnation: 3 };

  it('hands a channel over with its place, until it is stopped', () => {
    const socket = new Socket();
    expect(receive(message, socket)).toEqual([['signer', 1, 3, socket]]);
  });

  it('takes no channel without its socket, and nothing else for one', () => {
    const socket = new Socket();
    expect(receive(message, undefined)).toEqual([]);
    for (const other of [
      undefined,
      null,
      'channel',
      { ...message, type: 'drain' },
      { ...message, role: 'admin' },
      { ...message, index: '1' },
      { ...message, incarnation: 1.5 },
    ]) {
      expect(receive(other, socket)).toEqual([]);
    }
  });
});
