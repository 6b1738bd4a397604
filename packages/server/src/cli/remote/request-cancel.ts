import { remoteCommand } from './remote-command.ts';

export const requestCancel = remoteCommand({
  name: 'request cancel',
  summary: 'withdraw a signature request that waits',
  usage: 'REQUEST-ID',
  text: 'For its requester, and for administrators.',
  examples: ['countersign request cancel sig-01snl-t56gb-j8tsok0vn802p80i'],
  options: {},
  words: ['REQUEST-ID'],
  async run({ client, words: [requestId = ''], show }) {
    const request = await client.requests.cancel(requestId);
    show(request, () => `${request.id} is ${request.status}\n`);
  },
});
