import { open } from 'node:fs/promises';
import { remoteCommand } from './remote-command.ts';
import { UsageError } from './usage-error.ts';

export const logExport = remoteCommand({
  name: 'log export',
  summary: "write the entries of your account's log, one JSON object per line",
  usage: '[--from LEAF] [--out FILE]',
  text: `Every entry has, beside its decoded facts, the bytes that its leaves are made of, so that "countersign log verify --export"
can compute the tree again without the service, as long as the service has one account. FILE must not exist yet.`,
  examples: [
    'countersign log export --out log.jsonl && countersign log verify --export log.jsonl --expect SIZE:ROOT',
    'countersign log export --from 1000 | jq -c \'select(.phase == "outcome")\'',
  ],
  options: { from: { type: 'string' }, out: { type: 'string' } },
  words: [],
  async run({ client, values, io }) {
    const from = values.from === undefined ? 0 : /^\d{1,15}$/.test(values.from) ? Number(values.from) : -1;
    if (from < 0) throw new UsageError('--from takes the number of a leaf.');
    const file = values.out === undefined ? undefined : await open(values.out, 'wx', 0o600);
    let entries = 0;
    try {
      for await (const entry of client.log.entries(from)) {
        const line = `${JSON.stringify(entry)}\n`;
        if (file === undefined) io.stdout(line);
        else await file.write(line);
        entries += 1;
      }
      await file?.sync();
    } finally {
      await file?.close();
    }
    if (values.out !== undefined) io.stderr(`${entries} entries in ${values.out}\n`);
  },
});
