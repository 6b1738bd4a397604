/** JSON calls with a bearer token over one kept connection. */
import { KeepAliveConnection } from '../load/keep-alive-connection.ts';

export interface BearerAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export class BearerConnection {
  readonly #connection: KeepAliveConnection;
  readonly #host: string;
  readonly #token: string;
  readonly #fault: Promise<never>;

  private constructor(connection: KeepAliveConnection, host: string, token: string, fault: Promise<never>) {
    this.#connection = connection;
    this.#connection.keepBodies = true;
    this.#host = host;
    this.#token = token;
    this.#fault = fault;
  }

  static async open(host: string, port: number, token: string): Promise<BearerConnection> {
    const fault = Promise.withResolvers<never>();
    // Seen by the call that is under way; without one nobody misses it.
    fault.promise.catch(() => {});
    const connection = await KeepAliveConnection.open(host, port, fault.reject);
    return new BearerConnection(connection, `${host}:${port}`, token, fault.promise);
  }

  /** `body` as it goes over the wire. @throws Error when the connection breaks, or for an answer that isn't JSON */
  async call(method: string, path: string, body?: string, userAction?: string): Promise<BearerAnswer> {
    const answer = new Promise<BearerAnswer>((done, fail) => {
      this.#connection.send(this.#encode(method, path, body, userAction), ({ status, body: bytes }) => {
        try {
          done({ status, body: JSON.parse(bytes?.toString('utf8') ?? '') as BearerAnswer['body'] });
        } catch (error) {
          fail(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
    return Promise.race([answer, this.#fault]);
  }

  /** @throws Error unless the call is answered with 200 or 201 */
  async demand(method: string, path: string, body?: string, userAction?: string): Promise<BearerAnswer['body']> {
    const answer = await this.call(method, path, body, userAction);
    if (answer.status !== 200 && answer.status !== 201)
      throw new Error(`${method} ${path} was answered with ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  close(): void {
    this.#connection.close();
  }

  #encode(method: string, path: string, body: string | undefined, userAction: string | undefined): Buffer {
    const head =
      `${method} ${path} HTTP/1.1\r\nHost: ${this.#host}\r\nAuthorization: Bearer ${this.#token}\r\n` +
      (userAction === undefined ? '' : `X-Dfns-Useraction: ${userAction}\r\n`);
    if (body === undefined) return Buffer.from(`${head}\r\n`);
    const length = Buffer.byteLength(body);
    return Buffer.from(`${head}Content-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`);
  }
}
