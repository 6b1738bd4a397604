import { join } from 'node:path';
import { StartRefused } from './start-refused.ts';

/** Where the root key comes from. */
export type RootKeySource =
  /** `create`: at the first start of an empty installation the file is made. */
  | { readonly kind: 'file'; readonly path: string; readonly create: boolean }
  /** 64 hex digits, or base64 of 32 bytes. */
  | { readonly kind: 'environment'; readonly encoded: string }
  | { readonly kind: 'passphrase'; readonly passphrase: string };

export const ROOT_KEY_VARIABLE = 'COUNTERSIGN_ROOT_KEY';
export const ROOT_PASSPHRASE_VARIABLE = 'COUNTERSIGN_ROOT_PASSPHRASE';

/**
 * Chooses by the environment, and takes the secret out of it, so that no child and no later log line can show it. The
 * default is the file `<dataDir>/root.key`.
 *
 * @throws StartRefused `root_key_malformed` when both variables are set
 */
export function takeRootKeySource(environment: NodeJS.ProcessEnv, dataDir: string): RootKeySource {
  const encoded = environment[ROOT_KEY_VARIABLE];
  const passphrase = environment[ROOT_PASSPHRASE_VARIABLE];
  delete environment[ROOT_KEY_VARIABLE];
  delete environment[ROOT_PASSPHRASE_VARIABLE];
  if (encoded !== undefined && passphrase !== undefined) {
    throw new StartRefused(
      'root_key_malformed',
      `Both ${ROOT_KEY_VARIABLE} and ${ROOT_PASSPHRASE_VARIABLE} are set. Set only the one that this installation uses.`,
    );
  }
  if (encoded !== undefined) return { kind: 'environment', encoded };
  if (passphrase !== undefined) return { kind: 'passphrase', passphrase };
  return { kind: 'file', path: join(dataDir, 'root.key'), create: true };
}
