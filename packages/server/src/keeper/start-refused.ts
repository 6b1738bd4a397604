/** Why a start was refused. Closed list, for the command line's exit code and for tests. */
export type StartRefusedCode =
  | 'unsupported_platform'
  | 'data_dir_unusable'
  | 'data_dir_in_use'
  | 'database_damaged'
  | 'root_key_missing'
  | 'root_key_malformed'
  | 'root_key_permissions'
  | 'root_key_wrong'
  | 'root_key_swapped'
  | 'http_failed'
  | 'sealed_failed'
  /** A signal came before it was ready. */
  | 'stopped';

/**
 * The service didn't start and changed nothing that matters. `message` is for the operator: what is wrong and what
 * to do. It never carries key material. The command line ends with exit code 2.
 */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
  readonly code: StartRefusedCode;
  constructor(code: StartRefusedCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
