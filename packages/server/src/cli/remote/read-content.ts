/** What is to be signed or verified, from the options of a command. */
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { findDigest, isDigestName } from '@countersign/algorithms/digests';
import type { PlainContent, SigningOptions } from '@countersign/client/item-content';
import { isKeyId } from '@countersign/client/keys';
import type { CommandIo } from '../command.ts';
import { UsageError } from './usage-error.ts';

export const CONTENT_OPTIONS = {
  key: { type: 'string' },
  message: { type: 'string' },
  file: { type: 'string' },
  digest: { type: 'string' },
  hash: { type: 'string' },
  padding: { type: 'string' },
  'derivation-path': { type: 'string' },
} as const;

export type ContentValues = { readonly [Name in keyof typeof CONTENT_OPTIONS]?: string };

export const CONTENT_USAGE =
  '--key KEY [--message TEXT | --file FILE | --digest HEX] [--hash NAME] [--padding pkcs1-v1.5|pss] [--derivation-path PATH]';

export const CONTENT_TEXT = `KEY is the id of a key or its name. What is signed is the text, the file (- for standard input) or a digest that you
made yourself; without any of them, standard input. --hash names the hash that is to be used, or that made the digest:
sha-256 ... ECDSA and RSA need one. Of what is longer than 256 KiB the digest is made here, and sent alone.`;

/** A request of the service has at most half a mebibyte, unless it is set otherwise. */
const MAX_SENT_BYTES = 256 * 1024;

/** Which key. @throws UsageError without one */
export function readKey({ key }: ContentValues): { readonly keyId: string } | { readonly keyName: string } {
  if (key === undefined || key === '') throw new UsageError('--key is missing.');
  return isKeyId(key) ? { keyId: key } : { keyName: key };
}

/** @throws UsageError; an error of the file system */
export async function readContent(values: ContentValues, io: CommandIo): Promise<PlainContent> {
  const { message, file, digest, hash } = values;
  if ([message, file, digest].filter((value) => value !== undefined).length > 1)
    throw new UsageError('--message, --file and --digest: only one of them.');
  const options = readOptions(values);
  const rest = { ...(hash !== undefined && { hash }), ...(options !== undefined && { options }) };
  if (digest !== undefined) return { digest: readHex('--digest', digest), ...rest };
  if (message !== undefined) return { message: new TextEncoder().encode(message), ...rest };
  const bytes = file === undefined || file === '-' ? await readStdin(io) : await readFile(file);
  return bytes.length > MAX_SENT_BYTES && isDigestName(hash)
    ? { digest: findDigest(hash).compute(bytes), ...rest }
    : { message: bytes, ...rest };
}

export function readStdin(io: CommandIo): Promise<Uint8Array> {
  return io.stdin === undefined ? buffer(process.stdin) : io.stdin();
}

function readOptions({ padding, 'derivation-path': derivationPath }: ContentValues): SigningOptions | undefined {
  if (padding !== undefined && padding !== 'pkcs1-v1.5' && padding !== 'pss')
    throw new UsageError('--padding is pkcs1-v1.5 or pss.');
  if (padding === undefined && derivationPath === undefined) return undefined;
  return { ...(padding !== undefined && { padding }), ...(derivationPath !== undefined && { derivationPath }) };
}

/** @throws UsageError */
export function readHex(option: string, text: string): Uint8Array {
  if (text.length === 0 || text.length % 2 === 1 || !/^[0-9a-fA-F]+$/.test(text))
    throw new UsageError(`${option} is hexadecimal.`);
  return Buffer.from(text, 'hex');
}
