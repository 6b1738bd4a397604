/** The few calls of the DSM API that the demo and the benchmarks make. */
import { Agent, request } from 'node:http';

const TIMEOUT_MS = 180_000;

export interface DsmAnswer {
  readonly status: number;
  readonly text: string;
}

export interface DsmKey {
  readonly kid: string;
  /** SubjectPublicKeyInfo, or the 32-byte x-only key of BIP340. */
  readonly publicKey: Buffer;
}

export interface DsmBatchItem {
  readonly status: number;
  readonly body?: { readonly kid?: string; readonly signature: string };
  readonly error?: string;
}

export interface DsmClient {
  readonly post: (path: string, body: unknown) => Promise<DsmAnswer>;
  /** @throws Error with the service's text when the key isn't made */
  readonly createKey: (request: Readonly<Record<string, unknown>>) => Promise<DsmKey>;
  /** @throws Error unless the call is answered with 200 and an array of as many items */
  readonly signBatch: (items: readonly unknown[]) => Promise<readonly DsmBatchItem[]>;
  readonly close: () => void;
}

export function createDsmClient(host: string, port: number, apiKey: string): DsmClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const post = (path: string, body: unknown): Promise<DsmAnswer> => {
    const bytes = Buffer.from(JSON.stringify(body));
    return new Promise((done, fail) => {
      const call = request(
        {
          host,
          port,
          path,
          agent,
          method: 'POST',
          timeout: TIMEOUT_MS,
          headers: {
            authorization: `Basic ${apiKey}`,
            'content-type': 'application/json',
            'content-length': bytes.length,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.once('error', fail);
          response.once('end', () =>
            done({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
          );
        },
      );
      call.once('timeout', () => call.destroy(new Error(`${path} wasn't answered in ${TIMEOUT_MS / 1000} s`)));
      call.once('error', fail);
      call.end(bytes);
    });
  };
  return {
    post,
    async createKey(body) {
      const { status, text } = await post('/crypto/v1/keys', body);
      if (status !== 201) throw new Error(`key ${JSON.stringify(body)} wasn't made: ${status} ${text}`);
      const { kid, pub_key: publicKey } = JSON.parse(text) as { kid: string; pub_key: string };
      return { kid, publicKey: Buffer.from(publicKey, 'base64') };
    },
    async signBatch(items) {
      const { status, text } = await post('/crypto/v1/keys/batch/sign', items);
      if (status !== 200) throw new Error(`the batch was answered with ${status}: ${text.slice(0, 400)}`);
      const answers: unknown = JSON.parse(text);
      if (!Array.isArray(answers) || answers.length !== items.length)
        throw new Error('the answer to the batch has another number of items');
      return answers as readonly DsmBatchItem[];
    },
    close: () => agent.destroy(),
  };
}
