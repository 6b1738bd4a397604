import { readSeconds } from './read-seconds.ts';
import { remoteCommand } from './remote-command.ts';
import { requestText } from './render-request.ts';

const FAILED = 1;
const DEFAULT_SECONDS = 600;
const MS_PER_SECOND = 1_000;

export const requestWait = remoteCommand({
  name: 'request wait',
  summary: 'wait until a signature request is final',
  usage: 'REQUEST-ID [--timeout SECONDS]',
  text: `Ten minutes unless --timeout says otherwise. Exit code: 0 it is signed, 1 it was rejected, failed, or isn't final yet.`,
  examples: ['countersign request wait sig-01snl-t56gb-j8tsok0vn802p80i --timeout 3600'],
  options: { timeout: { type: 'string' } },
  words: ['REQUEST-ID'],
  async run({ client, values, words: [requestId = ''], show }) {
    const seconds = readSeconds('--timeout', values.timeout) ?? DEFAULT_SECONDS;
    const request = await client.requests.waitForResult(requestId, { timeoutMs: seconds * MS_PER_SECOND });
    show(request, () => requestText(request));
    return request.status === 'signed' || request.status === 'confirmed' ? undefined : FAILED;
  },
});
