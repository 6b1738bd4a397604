import { remoteCommand } from './remote-command.ts';

export const policyArchive = remoteCommand({
  name: 'policy archive',
  summary: 'end a policy',
  usage: 'POLICY-ID',
  text: 'Where another policy governs changes of policies, it goes on until people have approved that, and the change is named.',
  examples: ['countersign policy archive plc-01snl-t56gb-j8tsok0vn802p80i'],
  options: {},
  words: ['POLICY-ID'],
  async run({ client, words: [policyId = ''], show }) {
    const result = await client.policies.archive(policyId);
    if (result.done) show(result.entity, () => `${policyId} is ${result.entity.status}\n`);
    else
      show(
        result.change,
        () => `${policyId} goes on until ${result.change.approvalId} is approved (${result.change.id})\n`,
      );
  },
});
