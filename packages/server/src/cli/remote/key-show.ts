import { remoteCommand } from './remote-command.ts';
import { keyText } from './render-key.ts';

export const keyShow = remoteCommand({
  name: 'key show',
  summary: 'show a key',
  usage: 'KEY',
  text: 'KEY is its id or its name. The public key is printed in PEM, where the algorithm has such a form.',
  examples: ['countersign key show release', 'countersign key show release --json | jq -r .publicKeyPem'],
  options: {},
  words: ['KEY'],
  async run({ client, words: [name = ''], show }) {
    const key = await client.keys.find(name);
    show(key, () => keyText(key));
  },
});
