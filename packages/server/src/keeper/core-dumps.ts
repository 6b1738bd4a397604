import koffi from 'koffi';

/** RLIMIT_CORE is 4 on Linux and macOS alike. */
const RLIMIT_CORE = 4;

type Setrlimit = (resource: number, limits: BigUint64Array) => number;

/** Sets the size of core dumps to zero, soft and hard (setrlimit(2)); children inherit it and can't raise it. */
export function turnOffCoreDumps(): void {
  const setrlimit = koffi.load(null).func('int setrlimit(int, uint64_t *)') as Setrlimit;
  if (setrlimit(RLIMIT_CORE, new BigUint64Array([0n, 0n])) !== 0) {
    throw new Error(`core dumps could not be turned off (errno ${koffi.errno()})`);
  }
}
