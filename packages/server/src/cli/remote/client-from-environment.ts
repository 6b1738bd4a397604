/** Whom the commands talk to, and as whom. Secrets come from variables and files only: other users see flags. */
import { readFileSync, statSync } from 'node:fs';
import { type Client, createClient } from '@countersign/client/client';
import type { KeyCredential } from '@countersign/client/credential';
import { UsageError } from './usage-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const DEFAULT_URL = 'http://127.0.0.1:8080';
const MAX_SECRET_BYTES = 64 * 1024;

export const ENVIRONMENT_HELP = `Where and as whom, from the environment:
  COUNTERSIGN_URL             the service (default ${DEFAULT_URL})
  COUNTERSIGN_TOKEN           an access token or an API key; or COUNTERSIGN_TOKEN_FILE, a file that has it
  COUNTERSIGN_CREDENTIAL_ID   of the credential that proves changes, for callers that have one
  COUNTERSIGN_CREDENTIAL_KEY  the file with its private key in PEM
`;

/** @throws UsageError */
export function clientFromEnvironment(env: Environment): Client {
  const token = readToken(env);
  const credential = readCredential(env);
  try {
    return createClient({ baseUrl: env['COUNTERSIGN_URL'] ?? DEFAULT_URL, token, ...(credential && { credential }) });
  } catch (error) {
    // A URL that can't be parsed, a token with a space in it. Neither text quotes the token.
    if (error instanceof TypeError) throw new UsageError(`COUNTERSIGN_URL or COUNTERSIGN_TOKEN: ${error.message}`);
    throw error;
  }
}

function readToken(env: Environment): string {
  const { COUNTERSIGN_TOKEN: token, COUNTERSIGN_TOKEN_FILE: file } = env;
  if ((token === undefined) === (file === undefined))
    throw new UsageError(
      'Set COUNTERSIGN_TOKEN to an access token or an API key, or COUNTERSIGN_TOKEN_FILE to its file.',
    );
  return (token ?? readSecret('COUNTERSIGN_TOKEN_FILE', file ?? '')).trim();
}

function readCredential(env: Environment): KeyCredential | undefined {
  const { COUNTERSIGN_CREDENTIAL_ID: credentialId, COUNTERSIGN_CREDENTIAL_KEY: file } = env;
  if (credentialId === undefined && file === undefined) return undefined;
  if (credentialId === undefined || file === undefined)
    throw new UsageError('COUNTERSIGN_CREDENTIAL_ID and COUNTERSIGN_CREDENTIAL_KEY belong together.');
  return { credentialId, privateKey: readSecret('COUNTERSIGN_CREDENTIAL_KEY', file) };
}

function readSecret(variable: string, file: string): string {
  try {
    if (statSync(file).size > MAX_SECRET_BYTES) throw new Error('it is too large');
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(
      `The file of ${variable} can't be read: ${error instanceof Error ? error.message : 'unknown'}`,
    );
  }
}
