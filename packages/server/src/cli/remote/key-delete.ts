import { isKeyId } from '@countersign/client/keys';
import { remoteCommand } from './remote-command.ts';
import { UsageError } from './usage-error.ts';

export const keyDelete = remoteCommand({
  name: 'key delete',
  summary: 'delete a key for good',
  usage: 'KEY-ID --for-good',
  text: `Nobody can bring it back. KEY-ID is its id and not its name, which another key may have tomorrow; --for-good says that
you mean it.`,
  examples: ['countersign key delete key-01snl-t56gb-j8tsok0vn802p80i --for-good'],
  options: { 'for-good': { type: 'boolean' } },
  words: ['KEY-ID'],
  async run({ client, values, words: [keyId = ''], show }) {
    if (!isKeyId(keyId)) throw new UsageError('KEY-ID is the id of a key: key-...');
    if (values['for-good'] !== true) throw new UsageError('Say --for-good: nobody can bring a deleted key back.');
    const key = await client.keys.delete(keyId);
    show(key, () => `deleted ${key.id}\n`);
  },
});
