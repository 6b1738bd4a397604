import type { SignatureRequest } from '@countersign/client/requests';
import { firstItems } from './first-items.ts';
import { remoteCommand } from './remote-command.ts';
import { REQUEST_HEADINGS, requestRow } from './render-request.ts';
import { showList } from './show-list.ts';
import { UsageError } from './usage-error.ts';

const STATUSES: readonly SignatureRequest['status'][] = [
  'pending',
  'executing',
  'signed',
  'confirmed',
  'failed',
  'rejected',
];

export const requestList = remoteCommand({
  name: 'request list',
  summary: 'list signature requests',
  usage: '[--status STATUS] [--key KEY] [--limit NUMBER]',
  text: `Newest first, 50 unless --limit says otherwise. STATUS is ${STATUSES.join(', ')}.`,
  examples: ['countersign request list --status pending', 'countersign request list --key treasury --limit 5 --json'],
  options: { status: { type: 'string' }, key: { type: 'string' }, limit: { type: 'string' } },
  words: [],
  async run(context) {
    const { client, values } = context;
    const status = STATUSES.find((known) => known === values.status);
    if (values.status !== undefined && status === undefined)
      throw new UsageError(`--status is one of ${STATUSES.join(', ')}.`);
    const filter = {
      ...(status !== undefined && { status }),
      ...(values.key !== undefined && { keyId: (await client.keys.find(values.key)).id }),
    };
    await showList(context, firstItems(client.requests.list(filter), values.limit), REQUEST_HEADINGS, requestRow);
  },
});
