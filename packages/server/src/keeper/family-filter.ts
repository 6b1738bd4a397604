import type { FilterRule } from '../custody/sealed/isolation-filter.ts';
import { installFilter } from '../custody/sealed/isolation-install.ts';
import type { SyscallName } from '../custody/sealed/isolation-syscalls.ts';

/** Calls by which one process reaches into another, or into the kernel. No part of this program makes them. */
const REFUSED = [
  'ptrace',
  'process_vm_readv',
  'process_vm_writev',
  'process_madvise',
  'pidfd_getfd',
  'kcmp',
  'open_by_handle_at',
  'perf_event_open',
  'userfaultfd',
  'bpf',
  'add_key',
  'request_key',
  'keyctl',
  'unshare',
  'setns',
  'chroot',
  'pivot_root',
  'mount',
  'umount2',
  'move_mount',
  'open_tree',
  'fsopen',
  'fsmount',
  'init_module',
  'finit_module',
  'delete_module',
  'kexec_load',
  'kexec_file_load',
] as const satisfies readonly SyscallName[];

const RULES: readonly FilterRule[] = [
  // A ring opens files and sockets past any later filter. libuv takes epoll instead when there is none.
  { name: 'io_uring_setup', verdict: 'absent' },
  ...REFUSED.map((name): FilterRule => ({ name, verdict: 'refuse' })),
];

/**
 * A seccomp filter on the keeper that all its children inherit, the HTTP process included: native code in a
 * taken-over HTTP process can't reach into a signer or the keeper by these calls either. A deny-list, since it holds
 * for general programs; the sealed processes add their allow-list to it.
 *
 * @returns why it couldn't be done, or undefined when it holds
 */
export function installFamilyFilter(): string | undefined {
  return installFilter(RULES, 'allow');
}
