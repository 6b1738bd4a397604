/**
 * Confines a process, and all that it becomes, to parts of the file system (Landlock, linux/landlock.h). Unlike Node's
 * permission model the kernel enforces it, on native code as well, and for files on root. A confined process also can't
 * trace processes outside, read their memory or environment (root can read environments), or, from Linux 6.12 on,
 * signal them.
 *
 * A rule holds for the file or folder that was there at the time: a file that is later replaced by another one (a
 * renewed certificate) can't be read, while a folder's new content can.
 */
import fs from 'node:fs';
import { dirname } from 'node:path';
import koffi from 'koffi';

export interface Confinement {
  /** Files and folders with all below; those that don't exist are skipped. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** One number on all architectures. */
const SYS_CREATE_RULESET = 444;
const SYS_ADD_RULE = 445;
const SYS_RESTRICT_SELF = 446;
const CREATE_RULESET_VERSION = 1;
const RULE_PATH_BENEATH = 1;
const PR_SET_NO_NEW_PRIVS = 38;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

const EXECUTE = 1n << 0n;
const WRITE_FILE = 1n << 1n;
const READ_FILE = 1n << 2n;
const READ_DIR = 1n << 3n;
const TRUNCATE = 1n << 14n;
const READ = EXECUTE | READ_FILE | READ_DIR;
/** What a rule on something that isn't a folder may name. */
const FILE_RIGHTS = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE;
/** The file system rights that exist from each version of the interface on: all are handled, so all else is denied. */
const RIGHTS_OF_ABI: readonly (readonly [number, bigint])[] = [
  [1, (1n << 13n) - 1n],
  [2, 1n << 13n], // moving between folders
  [3, TRUNCATE],
  [5, 1n << 15n], // ioctl on devices
];
/** Signals and abstract Unix sockets stay inside; from version 6 on. */
const SCOPE_ALL = 3n;

/** What Node, glibc or musl read before and while they run; nothing here is secret. */
const SYSTEM_READS: readonly string[] = [
  '/usr',
  '/lib',
  '/lib32',
  '/lib64',
  '/proc',
  '/sys/fs/cgroup',
  '/sys/devices/system/cpu',
  '/dev/null',
  '/dev/random',
  '/dev/urandom',
  '/etc/alpine-release',
  '/etc/ca-certificates',
  '/etc/gai.conf',
  '/etc/host.conf',
  '/etc/hosts',
  '/etc/ld-musl-x86_64.path',
  '/etc/ld.so.cache',
  '/etc/localtime',
  '/etc/nsswitch.conf',
  '/etc/pki/tls/certs',
  '/etc/protocols',
  '/etc/resolv.conf',
  '/etc/services',
  '/etc/ssl/cert.pem',
  '/etc/ssl/certs',
  '/etc/ssl/openssl.cnf',
];
const SYSTEM_WRITES: readonly string[] = ['/dev/null'];

type Syscall3 = (number: number, a1: Uint8Array | null, a2: number, a3: number) => number;
type Syscall4 = (number: number, a1: number, a2: number, a3: Uint8Array, a4: number) => number;
type Syscall2 = (number: number, a1: number, a2: number) => number;
type Prctl = (option: number, a2: number, a3: number, a4: number, a5: number) => number;

/** The kernel's version of the interface; 0 where there is none. */
export function landlockVersion(): number {
  if (process.platform !== 'linux') return 0;
  const syscall = koffi.load(null).func('long syscall(long, void *, unsigned long, unsigned int)') as Syscall3;
  return Math.max(0, syscall(SYS_CREATE_RULESET, null, 0, CREATE_RULESET_VERSION));
}

/**
 * Confines the calling thread, for good. Its other threads stay free: follow it with execve, which ends them.
 *
 * @throws Error when the kernel has no Landlock or refuses
 *
 * @public confine-and-exec.cts loads it with `require`, which the check for dead code doesn't follow.
 */
export function confineThread({ reads, writes }: Confinement): void {
  const version = landlockVersion();
  if (version < 1) throw new Error('the kernel has no Landlock');
  const handled = RIGHTS_OF_ABI.reduce((all, [since, rights]) => (version >= since ? all | rights : all), 0n);

  const libc = koffi.load(null);
  const create = libc.func('long syscall(long, void *, unsigned long, unsigned int)') as Syscall3;
  const addRule = libc.func('long syscall(long, int, int, void *, unsigned int)') as Syscall4;
  const restrict = libc.func('long syscall(long, int, unsigned int)') as Syscall2;
  const prctl = libc.func('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)') as Prctl;

  // struct landlock_ruleset_attr { u64 handled_access_fs; u64 handled_access_net; u64 scoped; }, shorter in old kernels
  const attributes = Buffer.alloc(version >= 6 ? 24 : 8);
  attributes.writeBigUInt64LE(handled, 0);
  if (version >= 6) attributes.writeBigUInt64LE(SCOPE_ALL, 16);
  const ruleset = create(SYS_CREATE_RULESET, attributes, attributes.length, 0);
  if (ruleset < 0) throw new Error(`Landlock: no rule set (errno ${koffi.errno()})`);

  const allow = (path: string, rights: bigint): void => {
    let descriptor: number;
    try {
      descriptor = fs.openSync(path, O_PATH | O_CLOEXEC);
    } catch {
      return;
    }
    // struct landlock_path_beneath_attr { u64 allowed_access; s32 parent_fd; }, packed
    const rule = Buffer.alloc(12);
    const isFolder = fs.fstatSync(descriptor).isDirectory();
    rule.writeBigUInt64LE(rights & handled & (isFolder ? handled : FILE_RIGHTS), 0);
    rule.writeInt32LE(descriptor, 8);
    const result = addRule(SYS_ADD_RULE, ruleset, RULE_PATH_BENEATH, rule, 0);
    fs.closeSync(descriptor);
    if (result !== 0) throw new Error(`Landlock: ${path} is refused (errno ${koffi.errno()})`);
  };
  for (const path of [...SYSTEM_READS, ...loadedFiles(), ...reads]) allow(path, READ);
  for (const path of SYSTEM_WRITES) allow(path, WRITE_FILE | READ_FILE);
  for (const path of writes) allow(path, handled & ~EXECUTE);

  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0 || restrict(SYS_RESTRICT_SELF, ruleset, 0) !== 0) {
    throw new Error(`Landlock: the process could not be confined (errno ${koffi.errno()})`);
  }
  fs.closeSync(ruleset);
}

/** Node itself and its shared libraries, wherever this system keeps them. */
function loadedFiles(): readonly string[] {
  const maps = fs.readFileSync('/proc/self/maps', 'utf8');
  const libraries = new Set<string>([process.execPath]);
  for (const line of maps.split('\n')) {
    const path = /^\S+ ..x. \S+ \S+ \S+ +(\/.*)$/.exec(line)?.[1];
    // A library's neighbours too: a path may be one of several links to it.
    if (path?.includes('.so') && !path.endsWith('.node')) libraries.add(dirname(path));
  }
  return [...libraries];
}
