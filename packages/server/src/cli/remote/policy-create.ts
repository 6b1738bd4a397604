import { readFile } from 'node:fs/promises';
import type { PolicyDraft } from '@countersign/client/governance';
import { readStdin } from './read-content.ts';
import { remoteCommand } from './remote-command.ts';
import { policyText } from './render-policy.ts';
import { UsageError } from './usage-error.ts';

export const policyCreate = remoteCommand({
  name: 'policy create',
  summary: 'make a policy from a file',
  usage: 'FILE',
  text: `FILE (- for standard input) is the JSON of one policy; docs/policy.md has all rules. It holds at once:

  {
    "name": "two of three for the treasury",
    "activity": "sign",
    "rule": { "kind": "always" },
    "action": { "kind": "request-approval", "groups": [{ "quorum": 2, "approvers": ["us-...", "us-...", "us-..."] }] },
    "filters": { "keyIds": ["key-..."] }
  }`,
  examples: [
    'countersign policy create treasury.json',
    'jq .name=\\"copy\\" treasury.json | countersign policy create -',
  ],
  options: {},
  words: ['FILE'],
  async run({ client, words: [file = ''], io, show }) {
    const policy = await client.policies.create(readDraft(file === '-' ? await readStdin(io) : await readFile(file)));
    show(policy, () => policyText(policy));
  },
});

/** Its members are checked by the service, which has the words for what is wrong with them. */
function readDraft(bytes: Uint8Array): PolicyDraft {
  try {
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as PolicyDraft;
  } catch (error) {
    throw new UsageError(`FILE isn't JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new UsageError('FILE is the JSON of one policy: an object.');
}
