import type { Client } from '@countersign/client/client';
import type { Approval } from '@countersign/client/governance';
import { remoteCommand } from './remote-command.ts';
import { APPROVAL_HEADINGS, approvalRow, approvalText } from './render-approval.ts';
import { showList } from './show-list.ts';
import { UsageError } from './usage-error.ts';

const FAILED = 1;

export const approve = remoteCommand({
  name: 'approve',
  summary: 'see what waits for your approval, and decide',
  usage: '[APPROVAL-ID [--yes | --deny] [--reason TEXT] [--digest TEXT]]',
  text: `Without an id, lists what waits for you. With one, shows what it would do, decoded, and who asked for it; decides only with
--yes or --deny. A decision holds for exactly what was shown: with a credential it is signed over the digest of the
request, and with --digest it is refused unless that is the digest that you saw.`,
  examples: [
    'countersign approve',
    'countersign approve ap-01snl-t56gb-j8tsok0vn802p80i',
    'countersign approve ap-01snl-t56gb-j8tsok0vn802p80i --yes --reason "invoice 1234"',
    'countersign approve ap-01snl-t56gb-j8tsok0vn802p80i --deny --reason "wrong recipient"',
  ],
  options: {
    yes: { type: 'boolean' },
    deny: { type: 'boolean' },
    reason: { type: 'string' },
    digest: { type: 'string' },
  },
  words: ['APPROVAL-ID?'],
  async run(context) {
    const { client, values, words, show, io } = context;
    const { yes = false, deny = false, reason, digest } = values;
    if (yes && deny) throw new UsageError('--yes or --deny, not both.');
    const [approvalId] = words;
    if (approvalId === undefined) {
      if (yes || deny) throw new UsageError('APPROVAL-ID is missing.');
      return showList(context, waitingForMe(client), APPROVAL_HEADINGS, approvalRow);
    }
    const approval = await client.approvals.get(approvalId);
    if (!yes && !deny) return show(approval, () => approvalText(approval));
    if (digest !== undefined && digest !== approval.digest) {
      io.stderr(`BAD: its digest is ${approval.digest}. Nothing was decided.\n`);
      return FAILED;
    }
    const decided = await client.approvals.decide(approvalId, yes ? 'approved' : 'denied', reason);
    return show(decided, () => `${yes ? 'approved' : 'denied'}; ${decided.id} is ${decided.status}\n`);
  },
});

async function* waitingForMe(client: Client): AsyncGenerator<Approval> {
  const { identity } = await client.me();
  yield* client.approvals.list({ status: 'pending', approverId: identity.id });
}
