/**
 * Things that a taken-over process would try, each through Node's API or straight at libc by FFI. Each answers
 * 'done' when it succeeded (the isolation failed) or the reason why it didn't. Bound before the process is sealed.
 */
import { spawnSync } from 'node:child_process';
import dgram from 'node:dgram';
import fs from 'node:fs';
import net from 'node:net';
import { Worker } from 'node:worker_threads';
import koffi from 'koffi';

export type Attempts = Readonly<Record<string, () => Promise<string> | string>>;

export interface Targets {
  /** A file outside the code that the user could otherwise read. */
  readonly readable: string;
  /** A path that the user could otherwise create. */
  readonly writable: string;
  /** Another process of the same user. */
  readonly pid: number;
  /** A Unix socket that accepts. */
  readonly listener: string;
}

const EPERM = 1;
const O_WRONLY_CREAT = 0o101;
/** Numbers on x86-64 and arm64. */
const NUMBERS = {
  execve: [59, 221],
  ptrace: [101, 117],
  pidfdOpen: [434, 434],
  ioUringSetup: [425, 425],
  memfdCreate: [319, 279],
  bpf: [321, 280],
  userfaultfd: [323, 282],
  perfEventOpen: [298, 241],
  keyctl: [250, 219],
  unshare: [272, 97],
  mount: [165, 40],
  seccomp: [317, 277],
  openat: [257, 56],
  openat2: [437, 437],
  openByHandleAt: [304, 265],
  socketpair: [53, 199],
  bind: [49, 200],
  connect: [42, 203],
  sendmsg: [46, 211],
  recvmsg: [47, 212],
  clone: [56, 220],
  clone3: [435, 435],
  kill: [62, 129],
  setuid: [105, 146],
  unlinkat: [263, 35],
  renameat2: [316, 276],
  memfdSecret: [447, 447],
  processVmReadv: [310, 270],
  processVmWritev: [311, 271],
} as const;

/** What the parent asks after sealing. FFI names begin with "ffi". */
export function bindAttempts(targets: Targets): Attempts {
  const libc = koffi.load(null);
  type Word = number | bigint | Uint8Array | string | null;
  const bind = (definition: string): ((...words: Word[]) => number) =>
    libc.func(definition) as (...words: Word[]) => number;
  const socket = bind('int socket(int, int, int)');
  const open = bind('int open(const char *, int, int)');
  const fork = bind('int fork()');
  const system = bind('int system(const char *)');
  const kill = bind('int kill(int, int)');
  const prctl = bind('int prctl(int, long, long, long, long)');
  const dlopen = bind('void *dlopen(const char *, int)') as unknown as (path: string, flags: number) => unknown;
  const syscall = bind('long syscall(long, long, long, long, long, long, long)');
  const column = process.arch === 'arm64' ? 1 : 0;

  const byErrno = (result: number): string => {
    if (result >= 0) return 'done';
    const errno = koffi.errno();
    return errno === EPERM ? 'EPERM' : `errno ${errno}`;
  };
  const raw =
    (name: keyof typeof NUMBERS, ...words: number[]) =>
    (): string => {
      const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = words;
      return byErrno(syscall(NUMBERS[name][column], a, b, c, d, e, f));
    };
  const byThrow = (attempt: () => unknown) => (): string => {
    try {
      attempt();
      return 'done';
    } catch (error) {
      return codeOf(error);
    }
  };

  return {
    'node: open a file for reading': byThrow(() => fs.readFileSync(targets.readable)),
    'node: write a file': byThrow(() => fs.writeFileSync(targets.writable, 'x')),
    'node: list a directory': byThrow(() => fs.readdirSync('/')),
    'node: spawn': () => {
      try {
        const { error, status } = spawnSync('/bin/true');
        return error === undefined && status === 0 ? 'done' : codeOf(error);
      } catch (error) {
        return codeOf(error);
      }
    },
    'node: connect': () =>
      new Promise((resolve) => {
        try {
          const client = net.connect(targets.listener, () => resolve('done'));
          client.on('error', (error) => resolve(codeOf(error)));
        } catch (error) {
          resolve(codeOf(error));
        }
      }),
    'node: listen': () =>
      new Promise((resolve) => {
        try {
          const server = net.createServer();
          server.on('error', (error) => resolve(codeOf(error)));
          // Under the permission model listen() throws on a later tick.
          process.once('uncaughtException', (error) => resolve(codeOf(error)));
          server.listen(0, '127.0.0.1', () => resolve('done'));
        } catch (error) {
          resolve(codeOf(error));
        }
      }),
    'node: send a datagram': () =>
      new Promise((resolve) => {
        try {
          const datagram = dgram.createSocket('udp4');
          datagram.on('error', (error) => resolve(codeOf(error)));
          datagram.send('x', 9, '127.0.0.1', (error) => resolve(error === null ? 'done' : codeOf(error)));
        } catch (error) {
          resolve(codeOf(error));
        }
      }),
    'node: start a worker': byThrow(() => new Worker('1', { eval: true })),
    'node: load an addon': byThrow(() => process.dlopen({ exports: {} }, targets.readable)),
    'node: signal another process': byThrow(() => process.kill(targets.pid, 0)),
    'ffi: socket': () => byErrno(socket(2, 1, 0)),
    'ffi: open for reading': () => byErrno(open(targets.readable, 0, 0)),
    'ffi: open for writing': () => byErrno(open(targets.writable, O_WRONLY_CREAT, 0o600)),
    'ffi: read the environment': () => byErrno(open('/proc/self/environ', 0, 0)),
    'ffi: fork': () => {
      const child = fork();
      // A child that did come to be must not go on as a second sealed process.
      if (child === 0) process.kill(process.pid, 'SIGKILL');
      return byErrno(child);
    },
    'ffi: system': () => (system('exit 0') === 0 ? 'done' : 'EPERM'),
    'ffi: signal another process': () => byErrno(kill(targets.pid, 0)),
    'ffi: become readable again': () => byErrno(prctl(4, 1, 0, 0, 0)),
    'ffi: load a library': () => (dlopen('libutil.so.1', 2) === null ? 'EPERM' : 'done'),
    'ffi: execve': raw('execve'),
    'ffi: ptrace': raw('ptrace', 16, targets.pid),
    'ffi: process_vm_readv': raw('processVmReadv', targets.pid),
    'ffi: process_vm_writev': raw('processVmWritev', targets.pid),
    'ffi: pidfd_open': raw('pidfdOpen', targets.pid),
    'ffi: io_uring_setup': raw('ioUringSetup', 8),
    'ffi: memfd_create': raw('memfdCreate'),
    'ffi: memfd_secret': raw('memfdSecret'),
    'ffi: bpf': raw('bpf'),
    'ffi: userfaultfd': raw('userfaultfd', 1),
    'ffi: perf_event_open': raw('perfEventOpen'),
    'ffi: keyctl': raw('keyctl'),
    'ffi: unshare': raw('unshare', 0x10000000),
    'ffi: mount': raw('mount'),
    'ffi: another filter': raw('seccomp', 2, 0, 0),
    'ffi: openat': raw('openat', -100),
    'ffi: openat2': raw('openat2', -100),
    'ffi: open_by_handle_at': raw('openByHandleAt', -100),
    'ffi: socketpair': raw('socketpair', 1, 1),
    'ffi: bind': raw('bind', 3),
    'ffi: connect': raw('connect', 3),
    'ffi: sendmsg': raw('sendmsg', 3),
    'ffi: recvmsg': raw('recvmsg', 3),
    'ffi: clone a process': raw('clone', 17),
    'ffi: clone a namespace': raw('clone', 0x10000000 | 17),
    'ffi: setuid': raw('setuid'),
    'ffi: unlinkat': raw('unlinkat', -100),
    'ffi: renameat2': raw('renameat2', -100),
    'ffi: kill': raw('kill', targets.pid),
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : String(error);
}
