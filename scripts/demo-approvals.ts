/**
 * A service on an empty temporary folder, and the unmodified npm client `@dfns/sdk` in two versions: keys of every
 * scheme and curve, signatures verified by implementations that had no part in making them, a policy that asks two of
 * three people, a refused self-approval, two approvals and the finished signature, a denial, and an expiry. Ends with 1
 * if anything is wrong.
 *
 *   npm run demo:approvals
 *   npm run demo:approvals -- --no-expiry      doesn't wait the minute that an approval takes to expire
 *   npm run demo:approvals -- --corrupt-one    damages one signature before it is verified: must end with 1
 */
import { parseArgs } from 'node:util';
import { createProgram, registerPeople } from './demo/approval-people.ts';
import { type ApprovalDemoReport, runApprovalDemo } from './demo/run-approval-demo.ts';
import { type ServiceProcess, startService } from './demo/service-process.ts';
import { formatTable } from './demo/table.ts';

const PEOPLE = ['treasurer', 'controller', 'auditor'];

interface Options {
  readonly showExpiry: boolean;
  readonly corruptOne: boolean;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { 'no-expiry': { type: 'boolean' }, 'corrupt-one': { type: 'boolean' } } });
  const options = { showExpiry: values['no-expiry'] !== true, corruptOne: values['corrupt-one'] ?? false };
  // A signal becomes an exit, and leaving ends the service.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const startedMs = performance.now();
  const service = await startService().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
  });
  if (service === undefined) return 1;
  console.log(`A service is up on ${service.host}:${service.port} (${seconds(service.startMs)}).`);
  let report: ApprovalDemoReport | undefined;
  try {
    report = await demonstrate(service, options);
  } catch (error) {
    console.error(`The end of the service's log:\n${service.logTail()}`);
    console.error(error instanceof Error ? error.message : error);
  }
  const { clean, exitCode, signal, orphans } = await service.stop();
  if (report === undefined) return 1;
  print(report, performance.now() - startedMs);
  const end = exitCode === undefined ? `signal ${signal}` : `exit code ${exitCode}`;
  const problems = [
    ...report.problems,
    ...(clean ? [] : [`the service didn't stop cleanly: ${end}, ${orphans} processes left behind`]),
  ];
  for (const problem of problems) console.error(`WRONG: ${problem}`);
  console.log(
    problems.length === 0
      ? 'Everything is as it should be.'
      : `Something is wrong: ${problems.length} of the checks failed; see above.`,
  );
  return problems.length === 0 ? 0 : 1;
}

async function demonstrate(service: ServiceProcess, options: Options): Promise<ApprovalDemoReport> {
  const baseUrl = `http://${service.host}:${service.port}`;
  const program = await createProgram(baseUrl, service.apiKey);
  const people = await registerPeople(baseUrl, program, PEOPLE);
  const list = people.map(({ name, credential }) => `${name} (${credential})`).join(', ');
  const wait = options.showExpiry ? ' One approval is left to expire, which takes a minute.' : '';
  console.log(`Registered, each with a key of their own: ${list}.${wait}\n`);
  return runApprovalDemo({ baseUrl, program, people, ...options });
}

function print(report: ApprovalDemoReport, totalMs: number): void {
  const rows = report.rows.map(({ sdk, who, what, key, outcome, verifiedBy, ms }) => [
    sdk,
    who,
    what,
    key,
    outcome,
    verifiedBy,
    ms.toFixed(0),
  ]);
  console.log(formatTable(['@dfns/sdk', 'who', 'what', 'key', 'outcome', 'verified by', 'ms'], rows));
  console.log(`\n${report.signatures} signatures verified. All in all ${seconds(totalMs)}.`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

process.exitCode = await main();
