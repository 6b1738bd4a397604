/**
 * A service on an empty temporary folder, keys of every algorithm, one mixed batch with bad items among the good
 * ones, and every signature verified by an implementation that had no part in making it. Ends with 1 if anything is
 * wrong.
 *
 *   npm run demo
 *   npm run demo -- --items 200       a smaller batch
 *   npm run demo -- --corrupt-one     damages one signature before it is verified: must end with 1
 */
import { parseArgs } from 'node:util';
import { createDsmClient } from './demo/dsm-client.ts';
import type { StopReport } from './demo/managed-process.ts';
import { findOtherOpenssl } from './demo/other-openssl.ts';
import { type DemoReport, runDemo } from './demo/run-demo.ts';
import { startService } from './demo/service-process.ts';
import { formatTable } from './demo/table.ts';

const MAX_ITEMS = 1000;

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { items: { type: 'string' }, 'corrupt-one': { type: 'boolean' } } });
  const items = values.items === undefined ? MAX_ITEMS : Number(values.items);
  if (!Number.isInteger(items) || items < 1 || items > MAX_ITEMS) {
    console.error(`--items must be a whole number from 1 to ${MAX_ITEMS}`);
    return 2;
  }
  // A signal becomes an exit, and leaving ends the service.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const startedMs = performance.now();
  const openssl = await findOtherOpenssl();
  const service = await startService().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
  });
  if (service === undefined) return 1;
  console.log(`A service is up on ${service.host}:${service.port} (${seconds(service.startMs)}).`);
  const client = createDsmClient(service.host, service.port, service.apiKey);
  let report: DemoReport | undefined;
  let fault: unknown;
  let stop: StopReport;
  try {
    report = await runDemo(client, openssl, items, values['corrupt-one'] ?? false);
  } catch (error) {
    fault = error;
  } finally {
    client.close();
    openssl.close();
    const logTail = service.logTail();
    stop = await service.stop();
    if (fault !== undefined) console.error(`The end of the service's log:\n${logTail}`);
  }
  if (report === undefined) {
    console.error(fault);
    return 1;
  }
  const problems = [...report.problems, ...stopProblems(stop)];
  print(report, performance.now() - startedMs);
  for (const problem of problems) console.error(`WRONG: ${problem}`);
  console.log(
    problems.length === 0
      ? 'Everything is as it should be.'
      : `Something is wrong: ${problems.length} of the checks failed; see above.`,
  );
  return problems.length === 0 ? 0 : 1;
}

function print(report: DemoReport, totalMs: number): void {
  const rows = report.rows.map((row) => [
    row.label,
    row.items,
    row.signed,
    row.refused,
    row.verifiedBy,
    row.keyMs === undefined ? '-' : row.keyMs.toFixed(0),
    row.verifyMs === undefined ? '-' : row.verifyMs.toFixed(0),
  ]);
  console.log(
    formatTable(['algorithm', 'items', 'signed', 'refused', 'verified by', 'make key ms', 'verify ms'], rows),
  );
  console.log(
    `\nOne batch of ${report.items} items in ${seconds(report.batchMs)}: ${report.signed} signatures verified, ` +
      `${report.refused} items refused as expected. All in all ${seconds(totalMs)}.`,
  );
}

function stopProblems(stop: StopReport): readonly string[] {
  if (stop.clean) return [];
  const end = stop.exitCode === undefined ? `signal ${stop.signal}` : `exit code ${stop.exitCode}`;
  return [`the service didn't stop cleanly: ${end}, ${stop.orphans} processes left behind`];
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

process.exitCode = await main();
