import { remoteCommand } from './remote-command.ts';
import { requestText } from './render-request.ts';

export const requestShow = remoteCommand({
  name: 'request show',
  summary: 'show a signature request and what it means',
  usage: 'REQUEST-ID',
  text: 'Signatures of requests are r || s for ECDSA, in base64.',
  examples: ['countersign request show sig-01snl-t56gb-j8tsok0vn802p80i'],
  options: {},
  words: ['REQUEST-ID'],
  async run({ client, words: [requestId = ''], show }) {
    const request = await client.requests.get(requestId);
    show(request, () => requestText(request));
  },
});
