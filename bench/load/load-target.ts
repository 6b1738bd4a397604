/** What a load run sends, and to whom. */
export interface LoadTarget {
  readonly host: string;
  readonly port: number;
  /** Whole requests, head and body; sent in turns. */
  readonly requests: readonly Uint8Array[];
  readonly itemsPerRequest: number;
}

/** A whole POST request as it goes over the wire. */
export function encodeRequest(host: string, port: number, path: string, apiKey: string, body: unknown): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(body));
  const head =
    `POST ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nAuthorization: Basic ${apiKey}\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}
