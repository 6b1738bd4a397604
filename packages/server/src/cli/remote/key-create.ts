import type { NewKey } from '@countersign/client/keys';
import { remoteCommand } from './remote-command.ts';
import { keyText } from './render-key.ts';
import { UsageError } from './usage-error.ts';

export const keyCreate = remoteCommand({
  name: 'key create',
  summary: 'make a key',
  usage:
    'ALGORITHM [--name NAME] [--description TEXT] [--custody NAME] [--group UUID] [--parameter NAME=VALUE] [--exportable] [--master]',
  text: `ALGORITHM is one of those that "countersign engines" shows: ecdsa-p256, ed25519, bip340, rsa ... --parameter is for
algorithms that have one, such as the modulusLength of rsa. --exportable can't be given later; --master makes a
key that may have children.`,
  examples: [
    'countersign key create ecdsa-p256 --name release',
    'countersign key create rsa --parameter modulusLength=3072 --name firmware',
    'countersign key create ecdsa-secp256k1 --master --json',
  ],
  options: {
    name: { type: 'string' },
    description: { type: 'string' },
    custody: { type: 'string' },
    group: { type: 'string' },
    parameter: { type: 'string' },
    exportable: { type: 'boolean' },
    master: { type: 'boolean' },
  },
  words: ['ALGORITHM'],
  async run({ client, values, words: [algorithm = ''], show }) {
    const { name, description, custody, group, parameter, exportable, master } = values;
    const wanted: NewKey = {
      algorithm,
      ...(name !== undefined && { name }),
      ...(description !== undefined && { description }),
      ...(custody !== undefined && { custody }),
      ...(group !== undefined && { groupId: group }),
      ...(parameter !== undefined && { parameters: readParameter(parameter) }),
      ...(exportable !== undefined && { exportable }),
      ...(master !== undefined && { master }),
    };
    const key = await client.keys.create(wanted);
    show(key, () => keyText(key));
  },
});

function readParameter(text: string): Readonly<Record<string, string | number>> {
  const [, name = '', value = ''] = /^([A-Za-z0-9]{1,64})=(.{1,200})$/.exec(text) ?? [];
  if (name === '') throw new UsageError('--parameter takes NAME=VALUE.');
  return { [name]: /^\d{1,9}$/.test(value) ? Number(value) : value };
}
