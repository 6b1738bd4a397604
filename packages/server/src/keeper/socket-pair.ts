import koffi from 'koffi';

const AF_UNIX = 1;
const SOCK_STREAM = 1;
const F_SETFD = 2;
const FD_CLOEXEC = 1;

type Socketpair = (domain: number, type: number, protocol: number, descriptors: Int32Array) => number;
type Fcntl = (descriptor: number, command: number, kind: 'int', argument: number) => number;

/**
 * A connected pair of Unix stream sockets (socketpair(2)): no name in the file system that somebody else could connect
 * to, no moment in which it listens. Closed on exec; the caller owns both descriptors.
 */
export function makeSocketPair(): readonly [number, number] {
  const libc = koffi.load(null);
  const socketpair = libc.func('int socketpair(int, int, int, int *)') as Socketpair;
  const fcntl = libc.func('int fcntl(int, int, ...)') as Fcntl;
  const descriptors = new Int32Array(2);
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, descriptors) !== 0) {
    throw new Error(`socketpair failed (errno ${koffi.errno()})`);
  }
  // One thread starts processes here, so nothing can be started between the two calls.
  const [first = -1, second = -1] = descriptors;
  fcntl(first, F_SETFD, 'int', FD_CLOEXEC);
  fcntl(second, F_SETFD, 'int', FD_CLOEXEC);
  return [first, second];
}
