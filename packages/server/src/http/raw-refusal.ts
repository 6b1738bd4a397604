/** Answers for connections whose bytes never became a request, so that there is no response object to answer with. */
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Answer } from '../dialects/dialect.ts';

const MAX_REQUEST_LINE = 512;
/** A peer that doesn't read its refusal, or doesn't close after it, keeps its connection no longer than this. */
const LINGER_MS = 1000;

/** The path in the first line of what was received, where that line is there. For choosing a shape, nothing more. */
export function pathOfRawPacket(packet: unknown): string {
  if (!(packet instanceof Uint8Array)) return '';
  const line = Buffer.from(packet.buffer, packet.byteOffset, Math.min(packet.length, MAX_REQUEST_LINE)).toString(
    'latin1',
  );
  return /^[A-Z]{1,16} (\/[^ \r\n]*)/.exec(line)?.[1] ?? '';
}

/** Writes the answer and closes the connection: what follows on it can't be told apart from the rest of the fault. */
export function refuseRaw(socket: Duplex, answer: Answer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = Buffer.from(answer.body ?? '');
  const head = [
    `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? 'Error'}`,
    `content-type: ${answer.contentType ?? 'text/plain; charset=utf-8'}`,
    `content-length: ${body.length}`,
    'connection: close',
  ];
  socket.end(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]));
  const linger = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(linger));
}
