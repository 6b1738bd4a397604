import { firstItems } from './first-items.ts';
import { remoteCommand } from './remote-command.ts';
import { POLICY_HEADINGS, policyRow } from './render-policy.ts';
import { showList } from './show-list.ts';

export const policyList = remoteCommand({
  name: 'policy list',
  summary: 'list policies',
  usage: '[--all] [--limit NUMBER]',
  text: 'Newest first, 50 unless --limit says otherwise; with --all also those that were archived.',
  examples: ['countersign policy list', 'countersign policy list --all --json'],
  options: { all: { type: 'boolean' }, limit: { type: 'string' } },
  words: [],
  run(context) {
    const { client, values } = context;
    const policies = client.policies.list(values.all === true ? {} : { status: 'active' });
    return showList(context, firstItems(policies, values.limit), POLICY_HEADINGS, policyRow);
  },
});
