import type { Key, Keys } from '@countersign/client/keys';
import { remoteCommand } from './remote-command.ts';
import { KEY_HEADINGS, keyRow } from './render-key.ts';
import { showList } from './show-list.ts';

export const keyList = remoteCommand({
  name: 'key list',
  summary: 'list the keys that you see',
  usage: '[--algorithm NAME]',
  text: 'All of them, in order of id.',
  examples: ['countersign key list', 'countersign key list --algorithm ed25519 --json'],
  options: { algorithm: { type: 'string' } },
  words: [],
  run: (context) => showList(context, keysOf(context.client.keys, context.values.algorithm), KEY_HEADINGS, keyRow),
});

async function* keysOf(keys: Keys, algorithm: string | undefined): AsyncGenerator<Key> {
  for await (const key of keys.list()) if (algorithm === undefined || key.algorithm === algorithm) yield key;
}
