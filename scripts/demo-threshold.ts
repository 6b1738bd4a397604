/**
 * A relay, three servers and a rule server, each a program of its own on loopback; keys that exist only as shares on
 * the three; signatures by every pair of them, verified by an implementation that had no part in making them; a refusal;
 * a refresh. Ends with 1 if anything is wrong.
 *
 *   npm run demo:threshold
 *   npm run demo:threshold -- --items 100       smaller batches
 *   npm run demo:threshold -- --corrupt-one     damages one signature before it is verified: must end with 1
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { HOST, type ManagedProcess, startProcess } from './demo/managed-process.ts';
import { runThresholdDemo, type ThresholdDemoReport } from './demo/run-threshold-demo.ts';
import { startRelay, startService } from './demo/service-process.ts';
import { formatTable } from './demo/table.ts';
import { createParty } from './demo/threshold-parties.ts';
import { createVertexClient, type VertexClient } from './demo/vertex-client.ts';

const MAX_ITEMS = 1000;
const SERVERS = ['A', 'B', 'C'];
const RULE_SERVER = resolve(import.meta.dirname, 'demo', 'rule-server.ts');

/** What was started, in order, with the names that texts use. */
const started: { readonly name: string; readonly process: ManagedProcess }[] = [];
const clients: VertexClient[] = [];

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { items: { type: 'string' }, 'corrupt-one': { type: 'boolean' } } });
  const items = values.items === undefined ? MAX_ITEMS : Number(values.items);
  if (!Number.isInteger(items) || items < 2 || items > MAX_ITEMS) {
    console.error(`--items must be a whole number from 2 to ${MAX_ITEMS}`);
    return 2;
  }
  // A signal becomes an exit, and leaving ends everything that was started.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const startedMs = performance.now();
  let report: ThresholdDemoReport | undefined;
  let fault: unknown;
  try {
    report = await demonstrate(items, values['corrupt-one'] ?? false);
  } catch (error) {
    fault = error;
  }
  for (const client of clients) client.close();
  if (fault !== undefined)
    for (const { name, process: program } of started) console.error(`The end of ${name}'s log:\n${program.logTail()}`);
  const stopProblems = await stopAll();
  if (report === undefined) {
    console.error(fault instanceof Error ? fault.message : fault);
    return 1;
  }
  print(report, performance.now() - startedMs);
  const problems = [...report.problems, ...stopProblems];
  for (const problem of problems) console.error(`WRONG: ${problem}`);
  console.log(
    problems.length === 0
      ? 'Everything is as it should be.'
      : `Something is wrong: ${problems.length} of the checks failed; see above.`,
  );
  return problems.length === 0 ? 0 : 1;
}

async function demonstrate(batchItems: number, corruptOne: boolean): Promise<ThresholdDemoReport> {
  const relay = await start('the relay', startRelay());
  const servers = await allOrNone(
    SERVERS.map((name) =>
      start(
        `server ${name}`,
        startService(['--signers', '1', '--relay', relay.address], { COUNTERSIGN_RELAY_KEY: relay.relayKey }),
      ),
    ),
  );
  const urls = servers.map(({ host, port }) => `http://${host}:${port}`);
  const rules = await start(
    'the rule server',
    startProcess({ name: 'the rule server', args: (port) => [RULE_SERVER, String(port), ...urls] }),
  );
  const ruleServer = `http://${HOST}:${rules.port}`;
  console.log(`A relay, three servers and a rule server are up: ${started.map(timeOf).join(', ')}.`);

  const parties = await Promise.all(
    servers.map(async ({ host, port, apiKey }, index) => {
      const admin = createVertexClient(host, port, apiKey);
      clients.push(admin);
      return createParty(SERVERS[index] ?? '', admin);
    }),
  );
  const rulePublicKeyPem = await (await fetch(`${ruleServer}/public-key`)).text();
  return runThresholdDemo({ parties, batchItems, corruptOne, ruleUrl: `${ruleServer}/rule`, rulePublicKeyPem });
}

/** Waits for all of them, so that what came up is known even where another failed. */
async function allOrNone<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

async function start<T extends ManagedProcess>(name: string, starting: Promise<T>): Promise<T> {
  const program = await starting;
  started.push({ name, process: program });
  return program;
}

/** The servers before the relay, as an operator would. @returns what didn't end cleanly */
async function stopAll(): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const { name, process: program } of started.toReversed()) {
    const { clean, exitCode, signal, orphans } = await program.stop();
    const end = exitCode === undefined ? `signal ${signal}` : `exit code ${exitCode}`;
    if (!clean) problems.push(`${name} didn't stop cleanly: ${end}, ${orphans} processes left behind`);
  }
  return problems;
}

function print(report: ThresholdDemoReport, totalMs: number): void {
  const rows = report.rows.map(({ scheme, step, parties, signed, refused, ms, verifiedBy }) => [
    scheme,
    step,
    parties,
    signed ?? '-',
    refused ?? '-',
    ms.toFixed(0),
    verifiedBy,
  ]);
  console.log(formatTable(['key', 'what', 'servers', 'signed', 'refused', 'ms', 'verified by'], rows));
  console.log(`\n${report.signatures} signatures verified under the group keys. All in all ${seconds(totalMs)}.`);
}

function timeOf({ name, process: program }: (typeof started)[number]): string {
  return `${name} ${seconds(program.startMs)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

process.exitCode = await main();
