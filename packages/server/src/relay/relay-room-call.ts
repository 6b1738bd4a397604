/** The call that makes a room at a relay. */
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { RelayError } from './relay-error.ts';
import type { LinkTarget } from './relay-link.ts';
import { isRoomId, ROOMS_PATH } from './relay-wire.ts';

const MAX_ANSWER_BYTES = 4096;

/**
 * @param target its `origin` begins with `http:` or `https:`
 * @throws RelayError `refused`, `unreachable`, `timeout` or `protocol`; none quotes what the relay said
 */
export async function requestRoom(
  { origin, lookup, ca }: LinkTarget,
  size: number,
  key: string | undefined,
  timeoutMs: number,
): Promise<string> {
  const body = Buffer.from(JSON.stringify({ room_size: size }));
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly status: number; readonly text: string }>();
  const request = (origin.startsWith('https:') ? httpsRequest : httpRequest)(
    `${origin}${ROOMS_PATH}`,
    {
      method: 'POST',
      agent: false,
      maxHeaderSize: 16 * 1024,
      headers: {
        'content-type': 'application/json',
        'content-length': body.length,
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
      },
      ...(lookup && { lookup }),
      ...(origin.startsWith('https:') && { minVersion: 'TLSv1.2' as const, ...(ca !== undefined && { ca }) }),
    },
    (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on('data', (chunk: Buffer) => {
        length += chunk.length;
        chunks.push(chunk);
        if (length <= MAX_ANSWER_BYTES) return;
        reject(new RelayError('protocol', 'the answer of the relay is too long'));
        request.destroy();
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      );
      response.on('error', (cause) => reject(new RelayError('unreachable', 'the relay broke off', { cause })));
    },
  );
  request.on('error', (cause) => reject(new RelayError('unreachable', 'the relay could not be reached', { cause })));
  // Over the whole, so that a byte now and then doesn't keep it open.
  const timer = setTimeout(() => {
    reject(new RelayError('timeout', 'the relay did not answer in time'));
    request.destroy();
  }, timeoutMs);
  request.end(body);
  try {
    const { status, text } = await promise;
    if (status !== 200) throw new RelayError('refused', `the relay refused to make a room (HTTP ${status})`);
    return roomIdOf(text);
  } finally {
    clearTimeout(timer);
  }
}

function roomIdOf(text: string): string {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    answer = undefined;
  }
  const id = typeof answer === 'object' && answer !== null && 'room_uuid' in answer ? answer.room_uuid : undefined;
  if (typeof id === 'string' && isRoomId(id)) return id;
  throw new RelayError('protocol', 'the relay did not answer with a room');
}
