/** For tests: bytes to a server and everything that it sends back until it closes the connection. */
import { connect, type Socket } from 'node:net';

export interface RawConnection {
  readonly socket: Socket;
  send(text: string | Uint8Array): void;
  /** Everything received; resolves when the connection is closed. */
  readonly received: Promise<string>;
}

export function rawConnection(url: string): RawConnection {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => {});
  const received = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(text));
  });
  return { socket, send: (bytes) => void socket.write(bytes), received };
}

/** One request, written as it is. */
export function rawRequest(url: string, text: string | Uint8Array): Promise<string> {
  const connection = rawConnection(url);
  connection.send(text);
  return connection.received;
}
