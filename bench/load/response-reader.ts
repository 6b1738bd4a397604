/**
 * Reads the responses of one keep-alive connection as cheaply as it can be done honestly: the head of each is parsed,
 * its body counted, and looked through for the mark of a failed item. The generator shares the machine with what it
 * measures, so that a general HTTP client would be part of the result.
 */

export interface ResponseSummary {
  readonly status: number;
  readonly bodyBytes: number;
  /** The body holds an `"error"` member. Base64 has no quotes, so that a signature never looks like one. */
  readonly hasError: boolean;
  /** Only where it was asked for. */
  readonly body: Buffer | undefined;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const ERROR_MARK = Buffer.from('"error"');
const MAX_HEAD_BYTES = 16_384;
const NOTHING = Buffer.alloc(0);

type Framing = { readonly kind: 'length'; remaining: number } | { readonly kind: 'chunked'; chunk: ChunkState };
/** `size`: in a size line; `data`: in a chunk; `after`: in the CRLF behind it; `trailer`: behind the last chunk. */
interface ChunkState {
  at: 'size' | 'data' | 'after' | 'trailer';
  line: string;
  remaining: number;
}

export class ResponseReader {
  /** Whether the bodies of the responses that start from now on are kept. */
  keepBodies = false;
  readonly #onResponse: (summary: ResponseSummary) => void;
  #head = NOTHING;
  #status = 0;
  #framing: Framing | undefined;
  #bodyBytes = 0;
  #hasError = false;
  #tail = NOTHING;
  #kept: Buffer[] | undefined;

  constructor(onResponse: (summary: ResponseSummary) => void) {
    this.#onResponse = onResponse;
  }

  /** Takes what came in; `bytes` may be overwritten afterwards. @throws Error for what isn't HTTP/1.1 */
  push(bytes: Buffer): void {
    let rest = bytes;
    while (rest.length > 0) rest = this.#framing === undefined ? this.#readHead(rest) : this.#readBody(rest);
  }

  #readHead(bytes: Buffer): Buffer {
    const before = this.#head.length;
    const joined = before === 0 ? bytes : Buffer.concat([this.#head, bytes]);
    const end = joined.indexOf(HEAD_END);
    if (end === -1) {
      if (joined.length > MAX_HEAD_BYTES) throw new Error('the head of a response is too long');
      this.#head = Buffer.from(joined);
      return NOTHING;
    }
    this.#head = NOTHING;
    this.#begin(joined.toString('latin1', 0, end));
    const rest = joined.subarray(end + HEAD_END.length);
    if (this.#framing?.kind === 'length' && this.#framing.remaining === 0) this.#finish();
    return rest;
  }

  #begin(head: string): void {
    if (!head.startsWith('HTTP/1.1 ')) throw new Error(`not a response: ${head.slice(0, 40)}`);
    this.#status = Number(head.slice(9, 12));
    const length = /\r\ncontent-length: *([0-9]+)/i.exec(head)?.[1];
    if (length !== undefined) this.#framing = { kind: 'length', remaining: Number(length) };
    else if (/\r\ntransfer-encoding: *chunked/i.test(head))
      this.#framing = { kind: 'chunked', chunk: { at: 'size', line: '', remaining: 0 } };
    else if (this.#status === 204) this.#framing = { kind: 'length', remaining: 0 };
    else throw new Error('a response without a length');
    this.#bodyBytes = 0;
    this.#hasError = false;
    this.#tail = NOTHING;
    this.#kept = this.keepBodies ? [] : undefined;
  }

  #readBody(bytes: Buffer): Buffer {
    const framing = this.#framing;
    if (framing?.kind === 'length') {
      const taken = bytes.subarray(0, framing.remaining);
      framing.remaining -= taken.length;
      this.#take(taken);
      if (framing.remaining === 0) this.#finish();
      return bytes.subarray(taken.length);
    }
    return framing === undefined ? bytes : this.#readChunked(framing.chunk, bytes);
  }

  #readChunked(chunk: ChunkState, bytes: Buffer): Buffer {
    if (chunk.at === 'data') {
      const taken = bytes.subarray(0, chunk.remaining);
      chunk.remaining -= taken.length;
      this.#take(taken);
      if (chunk.remaining === 0) chunk.at = 'after';
      return bytes.subarray(taken.length);
    }
    const newline = bytes.indexOf(0x0a);
    if (newline === -1) {
      chunk.line += bytes.toString('latin1');
      return NOTHING;
    }
    const line = (chunk.line + bytes.toString('latin1', 0, newline)).trimEnd();
    chunk.line = '';
    if (chunk.at === 'size') {
      chunk.remaining = Number.parseInt(line, 16);
      if (!(chunk.remaining >= 0)) throw new Error(`not a chunk: ${line.slice(0, 40)}`);
      chunk.at = chunk.remaining === 0 ? 'trailer' : 'data';
    } else if (chunk.at === 'after') chunk.at = 'size';
    else if (line === '') this.#finish();
    return bytes.subarray(newline + 1);
  }

  #take(bytes: Buffer): void {
    this.#bodyBytes += bytes.length;
    this.#kept?.push(Buffer.from(bytes));
    if (this.#hasError) return;
    if (bytes.includes(ERROR_MARK)) this.#hasError = true;
    else {
      // The mark may lie across two reads.
      const seam = Buffer.concat([this.#tail, bytes.subarray(0, ERROR_MARK.length)]);
      this.#hasError = seam.includes(ERROR_MARK);
      const end = bytes.length >= ERROR_MARK.length ? bytes : seam;
      this.#tail = Buffer.from(end.subarray(-(ERROR_MARK.length - 1)));
    }
  }

  #finish(): void {
    this.#framing = undefined;
    const kept = this.#kept;
    this.#kept = undefined;
    this.#onResponse({
      status: this.#status,
      bodyBytes: this.#bodyBytes,
      hasError: this.#hasError,
      body: kept === undefined ? undefined : Buffer.concat(kept),
    });
  }
}
