/** Loads native code, so only the keeper and the sealed processes import this file. */
import koffi from 'koffi';

const PR_GET_DUMPABLE = 3;
const PR_SET_DUMPABLE = 4;

/**
 * Closes this process's memory, environment and descriptors (`/proc/<pid>/{mem,environ,fd}`, ptrace,
 * process_vm_readv, pidfd_getfd) to other processes of the same user, and turns core dumps off
 * (PR_SET_DUMPABLE, prctl(2)). Root isn't held back. A program started by execve begins readable again, so each
 * process does this for itself, before it reads a secret.
 *
 * @returns false where the system isn't Linux: nothing was done
 */
export function denyMemoryAccess(): boolean {
  if (process.platform !== 'linux') return false;
  const prctl = koffi
    .load(null)
    .func(
      'int prctl(int option, unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)',
    ) as PrctlFunction;
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) !== 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) !== 0) {
    throw new Error('the process could not make itself unreadable to others (PR_SET_DUMPABLE)');
  }
  return true;
}

type PrctlFunction = (option: number, a2: number, a3: number, a4: number, a5: number) => number;
