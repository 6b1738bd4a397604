/**
 * Verification by the system's `openssl` command: another build, and as a rule another version, of OpenSSL than the
 * one inside Node that made the signatures.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TIMEOUT_MS = 10_000;

export interface OpensslCommand {
  /** Such as `OpenSSL 3.0.19`. */
  readonly version: string;
  /** `publicKey` is a SubjectPublicKeyInfo; `options` are words for `-pkeyopt`. */
  readonly verifyDigest: (
    publicKey: Uint8Array,
    digest: Uint8Array,
    signature: Uint8Array,
    options: readonly string[],
  ) => Promise<boolean>;
  /** Removes its temporary files. */
  readonly close: () => void;
}

/** Undefined where there is no such command. */
export async function findOpensslCommand(): Promise<OpensslCommand | undefined> {
  const version = await run(['version']);
  const name = version.ok ? /^OpenSSL [0-9.]+[a-z]?/.exec(version.output)?.[0] : undefined;
  if (name === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'countersign-verify-'));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  let count = 0;
  return {
    version: name,
    async verifyDigest(publicKey, digest, signature, options) {
      const prefix = join(folder, String(count++));
      const [keyFile, digestFile, signatureFile] = [
        `${prefix}.key`,
        `${prefix}.digest`,
        `${prefix}.signature`,
      ] as const;
      writeFileSync(keyFile, publicKey);
      writeFileSync(digestFile, digest);
      writeFileSync(signatureFile, signature);
      const key = ['-pubin', '-keyform', 'DER', '-inkey', keyFile];
      const pkeyOptions = options.flatMap((option) => ['-pkeyopt', option]);
      const { ok } = await run([
        'pkeyutl',
        '-verify',
        ...key,
        '-in',
        digestFile,
        '-sigfile',
        signatureFile,
        ...pkeyOptions,
      ]);
      return ok;
    },
    close: () => {
      process.off('exit', removeFolder);
      removeFolder();
    },
  };
}

function run(args: readonly string[]): Promise<{ readonly ok: boolean; readonly output: string }> {
  return new Promise((done) => {
    execFile('openssl', args, { timeout: TIMEOUT_MS }, (error, stdout) => done({ ok: error === null, output: stdout }));
  });
}
