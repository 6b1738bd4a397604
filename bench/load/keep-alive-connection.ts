/** One HTTP/1.1 connection that sends prepared bytes, one request at a time. */
import { connect, type Socket } from 'node:net';
import { ResponseReader, type ResponseSummary } from './response-reader.ts';

const READ_BYTES = 262_144;

export class KeepAliveConnection {
  readonly #socket: Socket;
  readonly #reader: ResponseReader;
  #waiting: ((summary: ResponseSummary) => void) | undefined;
  #fault: Error | undefined;
  readonly #onFault: (error: Error) => void;

  private constructor(socket: Socket, reader: ResponseReader, onFault: (error: Error) => void) {
    this.#socket = socket;
    this.#reader = reader;
    this.#onFault = onFault;
  }

  /** `onFault` is told once when the connection breaks or its answers make no sense; nothing is answered then. */
  static open(host: string, port: number, onFault: (error: Error) => void): Promise<KeepAliveConnection> {
    return new Promise((done, fail) => {
      let connection: KeepAliveConnection | undefined;
      const reader = new ResponseReader((summary) => connection?.answer(summary));
      // One buffer for all reads; the reader copies what it has to keep.
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      const socket = connect({
        host,
        port,
        noDelay: true,
        onread: {
          buffer,
          callback: (bytes) => {
            connection?.receive(buffer.subarray(0, bytes));
            return true;
          },
        },
      });
      socket.once('connect', () => {
        connection = new KeepAliveConnection(socket, reader, onFault);
        done(connection);
      });
      socket.on('error', (error) => {
        if (connection === undefined) fail(error);
        else connection.break(error);
      });
      socket.once('close', () => connection?.break(new Error('the service closed the connection')));
    });
  }

  set keepBodies(keep: boolean) {
    this.#reader.keepBodies = keep;
  }

  /** @throws Error while another request is under way */
  send(request: Uint8Array, onAnswer: (summary: ResponseSummary) => void): void {
    if (this.#waiting !== undefined) throw new Error('a request is under way');
    this.#waiting = onAnswer;
    this.#socket.write(request);
  }

  close(): void {
    this.#fault ??= new Error('closed');
    this.#socket.destroy();
  }

  private receive(bytes: Buffer): void {
    try {
      this.#reader.push(bytes);
    } catch (error) {
      this.break(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private break(error: Error): void {
    if (this.#fault !== undefined) return;
    this.#fault = error;
    this.#socket.destroy();
    this.#onFault(error);
  }

  private answer(summary: ResponseSummary): void {
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.break(new Error('an answer that nobody asked for'));
      return;
    }
    this.#waiting = undefined;
    waiting(summary);
  }
}
