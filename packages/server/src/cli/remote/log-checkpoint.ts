import { fromBase64 } from '@countersign/client/base64';
import { verifyConsistency } from '@countersign/core/log/proof';
import { parseCheckpoint } from '../parse-checkpoint.ts';
import { remoteCommand } from './remote-command.ts';
import { UsageError } from './usage-error.ts';

const FAILED = 1;

export const logCheckpoint = remoteCommand({
  name: 'log checkpoint',
  summary: 'print size and root of the log, and prove that it continues an older one',
  usage: '[--expect SIZE:ROOT]',
  text: `Prints "SIZE:ROOT" (root in hexadecimal). Keep that line somewhere else. With --expect and an older one, asks the
service for the proof that the log as it is now begins with that one, and checks it here.`,
  examples: [
    'countersign log checkpoint >> checkpoints',
    'countersign log checkpoint --expect "$(tail -1 checkpoints)"',
  ],
  options: { expect: { type: 'string' } },
  words: [],
  async run({ client, values, io, show }) {
    const expected = values.expect === undefined ? undefined : parseCheckpoint(values.expect);
    if (values.expect !== undefined && expected === undefined)
      throw new UsageError('--expect takes SIZE:ROOT, the root as 64 hex digits.');
    const { size, root } = await client.log.checkpoint();
    const rootHex = Buffer.from(fromBase64(root)).toString('hex');
    if (expected !== undefined && expected.size > 0) {
      const problem =
        expected.size > size
          ? `the log has ${size} leaves, fewer than the expected ${expected.size}: its end was cut off`
          : await continues(expected);
      if (problem !== undefined) {
        io.stderr(`BAD: ${problem}\n`);
        return FAILED;
      }
    }
    show({ size, root, ...(expected !== undefined && { continues: values.expect }) }, () => `${size}:${rootHex}\n`);
    return undefined;

    /** What is wrong, if anything is. */
    async function continues(old: { readonly size: number; readonly rootHex: string }): Promise<string | undefined> {
      const proof = await client.log.consistencyProof(old.size, size);
      const path = proof.path.map(fromBase64);
      return verifyConsistency(old.size, size, Buffer.from(old.rootHex, 'hex'), fromBase64(root), path)
        ? undefined
        : `the log of ${size} leaves does not continue ${old.size}:${old.rootHex}: it was rewritten`;
    }
  },
});
