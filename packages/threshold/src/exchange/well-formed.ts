import { MalformedBytes } from '../codec.ts';

/** What `read` gives, or undefined where the bytes that it reads are malformed: what a stranger sent is no exception. */
export function wellFormed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}
