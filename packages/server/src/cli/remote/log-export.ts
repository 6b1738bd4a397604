import { open } from 'node:fs/promises';
import { exportedLog } from './exported-log.ts';
import { remoteCommand } from './remote-command.ts';
import { UsageError } from './usage-error.ts';

export const logExport = remoteCommand({
  name: 'log export',
  summary: "write the entries of your account's log, one JSON object per line",
  usage: '[--from LEAF] [--out FILE]',
  text: `Every entry has, beside its decoded facts, the bytes that its leaves are made of. Of leaves that aren't your account's,
such as the service's own, there is the hash alone, so that "countersign log verify --export" can compute the whole tree
again without the service. FILE must not exist yet.`,
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
    let lines = 0;
    try {
      for await (const entry of exportedLog(client.log, from)) {
        const line = `${JSON.stringify(entry)}\n`;
        if (file === undefined) io.stdout(line);
        else await file.write(line);
        lines += 1;
      }
      await file?.sync();
    } finally {
      await file?.close();
    }
    if (values.out !== undefined) io.stderr(`${lines} lines in ${values.out}\n`);
  },
});
