/**
 * The system calls that a sealed process keeps. An allow-list: what isn't named here is refused, the calls of future
 * kernels included. Found by running V8, libuv, libsodium and OpenSSL under it (garbage collection, new threads,
 * abort); isolation.test.ts repeats that.
 */
import type { FilterRule } from './isolation-filter.ts';

const CLONE_VM = 0x100;
const CLONE_SIGHAND = 0x800;
const CLONE_THREAD = 0x10000;
const FIONBIO = 0x5421;
const TCGETS = 0x5401;
const F_GETFD = 1;
const F_SETFD = 2;
const F_GETFL = 3;
const F_SETFL = 4;
const PR_GET_DUMPABLE = 3;
const PR_SET_NAME = 15;
const PR_GET_NAME = 16;
const PR_GET_SECCOMP = 21;
const PR_GET_NO_NEW_PRIVS = 39;
/** Names an anonymous mapping; V8 and glibc do it, and it gives nothing. */
const PR_SET_VMA = 0x53564d41;

/**
 * The list, most frequent first.
 *
 * `sendmsg` and `recvmsg` are missing on purpose: libuv needs them only to pass descriptors, so nobody can hand a
 * sealed process an open file or socket. `mmap` and `mprotect` stay whole: V8's compiler needs executable pages.
 */
export function sealedRules(processId: number): readonly FilterRule[] {
  return [
    { name: 'read', verdict: 'allow' },
    { name: 'write', verdict: 'allow' },
    { name: 'epoll_pwait', verdict: 'allow' },
    { name: 'epoll_wait', verdict: 'allow' },
    { name: 'epoll_pwait2', verdict: 'allow' },
    { name: 'futex', verdict: 'allow' },
    { name: 'readv', verdict: 'allow' },
    { name: 'writev', verdict: 'allow' },
    { name: 'epoll_ctl', verdict: 'allow' },
    { name: 'madvise', verdict: 'allow' },
    { name: 'mmap', verdict: 'allow' },
    { name: 'munmap', verdict: 'allow' },
    { name: 'mprotect', verdict: 'allow' },
    { name: 'mremap', verdict: 'allow' },
    { name: 'brk', verdict: 'allow' },
    { name: 'mincore', verdict: 'allow' },
    { name: 'mlock', verdict: 'allow' },
    { name: 'mlock2', verdict: 'allow' },
    { name: 'munlock', verdict: 'allow' },
    { name: 'pkey_alloc', verdict: 'allow' },
    { name: 'pkey_free', verdict: 'allow' },
    { name: 'pkey_mprotect', verdict: 'allow' },
    { name: 'getrandom', verdict: 'allow' },
    { name: 'clock_gettime', verdict: 'allow' },
    { name: 'clock_getres', verdict: 'allow' },
    { name: 'clock_nanosleep', verdict: 'allow' },
    { name: 'nanosleep', verdict: 'allow' },
    { name: 'gettimeofday', verdict: 'allow' },
    { name: 'time', verdict: 'allow' },
    { name: 'times', verdict: 'allow' },
    { name: 'poll', verdict: 'allow' },
    { name: 'ppoll', verdict: 'allow' },
    { name: 'close', verdict: 'allow' },
    { name: 'fstat', verdict: 'allow' },
    { name: 'lseek', verdict: 'allow' },
    { name: 'shutdown', verdict: 'allow' },
    // libuv asks what kind of descriptor it was given.
    { name: 'getsockname', verdict: 'allow' },
    { name: 'getsockopt', verdict: 'allow' },
    { name: 'rt_sigaction', verdict: 'allow' },
    { name: 'rt_sigprocmask', verdict: 'allow' },
    { name: 'rt_sigreturn', verdict: 'allow' },
    { name: 'sigaltstack', verdict: 'allow' },
    { name: 'restart_syscall', verdict: 'allow' },
    { name: 'sched_yield', verdict: 'allow' },
    { name: 'sched_getaffinity', verdict: 'allow' },
    { name: 'sched_getparam', verdict: 'allow' },
    { name: 'sched_getscheduler', verdict: 'allow' },
    { name: 'getcpu', verdict: 'allow' },
    { name: 'membarrier', verdict: 'allow' },
    { name: 'rseq', verdict: 'allow' },
    { name: 'set_robust_list', verdict: 'allow' },
    { name: 'getpid', verdict: 'allow' },
    { name: 'gettid', verdict: 'allow' },
    { name: 'getuid', verdict: 'allow' },
    { name: 'geteuid', verdict: 'allow' },
    { name: 'getgid', verdict: 'allow' },
    { name: 'getegid', verdict: 'allow' },
    { name: 'getrusage', verdict: 'allow' },
    { name: 'sysinfo', verdict: 'allow' },
    { name: 'uname', verdict: 'allow' },
    { name: 'exit', verdict: 'allow' },
    { name: 'exit_group', verdict: 'allow' },
    // Threads of this process only: no fork, no vfork, no new namespace.
    { name: 'clone', verdict: 'allow', when: [{ argument: 0, allBits: CLONE_VM | CLONE_SIGHAND | CLONE_THREAD }] },
    // abort() signals its own process; nobody else can be signalled.
    { name: 'tgkill', verdict: 'allow', when: [{ argument: 0, oneOf: [processId] }] },
    { name: 'ioctl', verdict: 'allow', when: [{ argument: 1, oneOf: [FIONBIO, TCGETS] }] },
    { name: 'fcntl', verdict: 'allow', when: [{ argument: 1, oneOf: [F_GETFD, F_SETFD, F_GETFL, F_SETFL] }] },
    {
      name: 'prctl',
      verdict: 'allow',
      when: [
        {
          argument: 0,
          oneOf: [PR_SET_NAME, PR_GET_NAME, PR_SET_VMA, PR_GET_DUMPABLE, PR_GET_SECCOMP, PR_GET_NO_NEW_PRIVS],
        },
      ],
    },
    // Reading a limit, never setting one.
    { name: 'prlimit64', verdict: 'allow', when: [{ argument: 2, isNull: true }] },
    // glibc then falls back to `clone`, whose flags a filter can read; those of `clone3` lie behind a pointer.
    { name: 'clone3', verdict: 'absent' },
  ];
}
