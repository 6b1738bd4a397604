import { describe, expect, it } from 'vitest';
import { ResponseReader, type ResponseSummary } from './response-reader.ts';

const plain = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world');
const chunked = Buffer.from(
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n',
);
const failing = Buffer.from('HTTP/1.1 200 OK\r\ncontent-length: 28\r\n\r\n[{"status":404,"error":"no"}]'.slice(0, -1));
const empty = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n');

function read(bytes: Buffer, pieceBytes: number, keepBodies = true): ResponseSummary[] {
  const summaries: ResponseSummary[] = [];
  const reader = new ResponseReader((summary) => summaries.push(summary));
  reader.keepBodies = keepBodies;
  for (let start = 0; start < bytes.length; start += pieceBytes)
    reader.push(Buffer.from(bytes.subarray(start, start + pieceBytes)));
  return summaries;
}

describe('ResponseReader', () => {
  it.each([1, 2, 3, 7, 16, 1000])('reads pipelined responses in pieces of %i bytes', (pieceBytes) => {
    const summaries = read(Buffer.concat([plain, chunked, failing, empty, plain]), pieceBytes);
    expect(summaries.map(({ status, bodyBytes, hasError }) => [status, bodyBytes, hasError])).toEqual([
      [200, 11, false],
      [200, 11, false],
      [200, 28, true],
      [204, 0, false],
      [200, 11, false],
    ]);
    expect(summaries[0]?.body?.toString()).toBe('hello world');
    expect(summaries[1]?.body?.toString()).toBe('hello world');
  });

  it('keeps no body unless asked to', () => {
    expect(read(plain, 1000, false)[0]?.body).toBeUndefined();
  });

  it('refuses what is no response, and one without a length', () => {
    expect(() => read(Buffer.from('SSH-2.0-OpenSSH\r\n\r\n'), 1000)).toThrow('not a response');
    expect(() => read(Buffer.from('HTTP/1.1 200 OK\r\n\r\nhello'), 1000)).toThrow('without a length');
  });

  it('refuses an endless head', () => {
    const reader = new ResponseReader(() => {});
    expect(() => reader.push(Buffer.alloc(20_000, 'a'))).toThrow('too long');
  });
});
