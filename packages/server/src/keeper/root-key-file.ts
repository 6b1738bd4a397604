import fs from 'node:fs';
import { dirname } from 'node:path';
import { randomSecret } from '@countersign/algorithms/secret-memory';
import { decodeRootKey, encodeRootKeyHex, ROOT_KEY_LENGTH } from './root-key-encoding.ts';
import { StartRefused } from './start-refused.ts';

export interface RootKeyFile {
  /** 32 bytes in locked memory. */
  readonly key: Buffer;
  /** The installation that the file was made for; undefined in a file that an operator wrote by hand. */
  readonly installationId: string | undefined;
}

const MAX_FILE_LENGTH = 1_024;
const INSTALLATION_LINE = /^installation ([0-9a-f-]{36})$/;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const SPACE = 32;
const HASH = 35;

/**
 * Reads a root key file: the key on a line of its own (`key <64 hex digits>`, or bare hex or base64), optionally a
 * line `installation <uuid>`; lines that begin with # are for people.
 *
 * @returns undefined when there is no such file
 * @throws StartRefused `root_key_permissions` when others may read it or it isn't ours; `root_key_malformed`
 */
export function readRootKeyFile(path: string): RootKeyFile | undefined {
  let descriptor: number;
  try {
    descriptor = fs.openSync(path, fs.constants.O_RDONLY | (fs.constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    const why = hasCode(error, 'ELOOP') ? 'it is a symbolic link' : String(error);
    throw new StartRefused('root_key_permissions', `The root key file ${path} can't be opened: ${why}.`);
  }
  const content = Buffer.alloc(MAX_FILE_LENGTH + 1);
  try {
    refuseLoosePermissions(path, fs.fstatSync(descriptor));
    const length = fs.readSync(descriptor, content, 0, content.length, 0);
    return parse(path, content.subarray(0, length));
  } finally {
    content.fill(0);
    fs.closeSync(descriptor);
  }
}

/**
 * Makes a key from the kernel's randomness and its file, mode 0600: written under another name, flushed, then linked
 * into place, so that a crash leaves no half file and an existing one is never replaced.
 */
export function createRootKeyFile(path: string, installationId: string): RootKeyFile {
  const key = randomSecret(ROOT_KEY_LENGTH);
  const head = Buffer.from(
    '# The root key of a Countersign installation. Whoever has it and the database has every key in it; without it\n' +
      '# the keys are lost. Keep a copy offline, apart from the backups of the database.\n' +
      `installation ${installationId}\nkey `,
  );
  const content = Buffer.alloc(head.length + 2 * ROOT_KEY_LENGTH + 1);
  content.set(head);
  encodeRootKeyHex(key, content.subarray(head.length));
  content[content.length - 1] = LINE_FEED;

  const temporary = `${path}.new`;
  fs.rmSync(temporary, { force: true });
  const descriptor = fs.openSync(temporary, 'wx', 0o600);
  try {
    fs.writeSync(descriptor, content);
    fs.fsyncSync(descriptor);
  } finally {
    content.fill(0);
    fs.closeSync(descriptor);
  }
  // link(2) fails where rename(2) would silently replace a key that came to be in between.
  fs.linkSync(temporary, path);
  fs.unlinkSync(temporary);
  const directory = fs.openSync(dirname(path), 'r');
  try {
    fs.fsyncSync(directory);
  } finally {
    fs.closeSync(directory);
  }
  return { key, installationId };
}

function refuseLoosePermissions(path: string, stat: fs.Stats): void {
  if (!stat.isFile()) throw new StartRefused('root_key_permissions', `The root key file ${path} isn't a plain file.`);
  const user = process.geteuid?.();
  if (user === undefined) return;
  if (stat.uid !== user) {
    throw new StartRefused(
      'root_key_permissions',
      `The root key file ${path} belongs to user ${stat.uid}, and this process runs as user ${user}. ` +
        'It must belong to the user that the service runs as.',
    );
  }
  if ((stat.mode & 0o077) !== 0) {
    const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
    throw new StartRefused(
      'root_key_permissions',
      `The root key file ${path} has mode ${mode}: others can read or change it. Set it to 0600 (chmod 600), and ` +
        'consider whether somebody has read it already.',
    );
  }
}

/** Works on bytes: the key never becomes a string. */
function parse(path: string, content: Uint8Array): RootKeyFile {
  const malformed = (): StartRefused =>
    new StartRefused(
      'root_key_malformed',
      `The root key file ${path} doesn't hold one key: 64 hex digits or base64 of 32 bytes are expected. ` +
        'Restore it from your copy.',
    );
  if (content.length > MAX_FILE_LENGTH) throw malformed();
  let key: Buffer | undefined;
  let installationId: string | undefined;
  for (const line of lines(content)) {
    if (line.length === 0 || line[0] === HASH) continue;
    const installation = line.length === 49 ? INSTALLATION_LINE.exec(Buffer.from(line).toString('latin1')) : null;
    if (installation !== null) {
      installationId = installation[1];
      continue;
    }
    const isLabelled = line.length > 4 && line[0] === 107 && line[1] === 101 && line[2] === 121 && line[3] === SPACE;
    const decoded = decodeRootKey(isLabelled ? line.subarray(4) : line);
    if (decoded === undefined || key !== undefined) throw malformed();
    key = decoded;
  }
  if (key === undefined) throw malformed();
  return { key, installationId };
}

function* lines(content: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  for (let i = 0; i <= content.length; i++) {
    if (i < content.length && content[i] !== LINE_FEED) continue;
    let end = i;
    while (end > start && (content[end - 1] === CARRIAGE_RETURN || content[end - 1] === SPACE)) end--;
    yield content.subarray(start, end);
    start = i + 1;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
