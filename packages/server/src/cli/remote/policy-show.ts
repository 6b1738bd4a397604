import { remoteCommand } from './remote-command.ts';
import { policyText } from './render-policy.ts';

export const policyShow = remoteCommand({
  name: 'policy show',
  summary: 'show a policy',
  usage: 'POLICY-ID',
  text: 'docs/policy.md says what its rule does.',
  examples: ['countersign policy show plc-01snl-t56gb-j8tsok0vn802p80i --json'],
  options: {},
  words: ['POLICY-ID'],
  async run({ client, words: [policyId = ''], show }) {
    const policy = await client.policies.get(policyId);
    show(policy, () => policyText(policy));
  },
});
