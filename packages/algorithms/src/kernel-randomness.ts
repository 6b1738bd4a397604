/** Randomness of the kernel (libsodium's `randombytes`, getrandom(2) on Linux). Loads native code. */
import sodium from 'sodium-native';

/** Fills a buffer with random bytes. A parameter of the engines, so that tests can replay printed answers. */
export type FillRandom = (out: Buffer) => void;

/** Each call asks the kernel anew: no pool that a cloned virtual machine or a forked process could repeat. */
export const fillFromKernel: FillRandom = (out) => sodium.randombytes_buf(out);
