/** The command was used in a wrong way: its text and the usage line are shown, and the exit code is 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
