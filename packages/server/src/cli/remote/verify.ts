import { fromBase64 } from '@countersign/client/base64';
import { CONTENT_OPTIONS, CONTENT_TEXT, CONTENT_USAGE, readContent, readHex, readKey } from './read-content.ts';
import { remoteCommand } from './remote-command.ts';
import { UsageError } from './usage-error.ts';

const FAILED = 1;

export const verify = remoteCommand({
  name: 'verify',
  summary: 'verify a signature',
  usage: `${CONTENT_USAGE} --signature TEXT`,
  text: `${CONTENT_TEXT}

The signature is base64, or hexadecimal after hex:, as "countersign sign" prints it. Exit code: 0 it holds, 1 it doesn't, or
couldn't be checked.`,
  examples: [
    'countersign verify --key release --hash sha-256 --file app.tar.gz --signature MEUCIQ...',
    'countersign verify --key ed-key --message hello --signature hex:9f1c...',
  ],
  options: { ...CONTENT_OPTIONS, signature: { type: 'string' } },
  words: [],
  async run({ client, values, io, show }) {
    const key = readKey(values);
    const signature = readSignature(values.signature);
    const [result] = await client.verifyBatch([{ ...key, ...(await readContent(values, io)), signature }]);
    if (result?.checked !== true) throw result?.error ?? new Error('no result for the item');
    const { valid, keyId } = result;
    show({ valid, keyId }, () => (valid ? `The signature holds: ${keyId}\n` : ''));
    if (valid) return undefined;
    io.stderr('BAD: the signature does not hold.\n');
    return FAILED;
  },
});

function readSignature(text: string | undefined): Uint8Array {
  if (text === undefined) throw new UsageError('--signature is missing.');
  if (text.startsWith('hex:')) return readHex('--signature hex:', text.slice('hex:'.length));
  try {
    return fromBase64(text.trim());
  } catch {
    throw new UsageError('--signature is base64 with its padding, or hexadecimal after hex:');
  }
}
