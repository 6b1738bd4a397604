/**
 * Signs in a bare loop with the engine that the service would use, and nothing around it: no messages, no log, no
 * HTTP. Started by `raw/bare-loop.ts`, with the task as its argument; says `ready`, waits for a line with the number
 * of seconds, signs, and prints what it did as JSON.
 */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { selectEngines } from '@countersign/algorithms/engine-selection';
import { findAlgorithm } from '@countersign/algorithms/registry';
import type { BareLoopReport } from './raw/bare-loop.ts';
import type { EngineTask } from './subjects.ts';

/** Payloads in turn, so that nothing is won by signing the same bytes again. */
const PAYLOADS = 64;
const DIGEST_BYTES = 32;
/** How often the clock is read, in seconds; rounds between reads follow from the speed. */
const CLOCK_SECONDS = 0.01;
const WARM_UP_SECONDS = 0.3;

async function prepare(task: EngineTask): Promise<{ readonly engine: string; readonly sign: () => void }> {
  const algorithm = findAlgorithm(task.algorithm);
  if (algorithm === undefined) throw new Error(`${task.algorithm} isn't registered`);
  const selected = (await selectEngines([algorithm])).get(task.algorithm)?.selected;
  if (selected === undefined) throw new Error(`${task.algorithm} has no engine here`);
  const parameters = algorithm.parseParameters(task.parameters);
  if (!parameters.ok) throw new Error(parameters.reason);
  const material = selected.engine.generate(parameters.value);
  const key = selected.engine.loadPrivate(material.privateKey, material.parameters);
  const out = new Uint8Array(algorithm.maxSignatureBytes(material.parameters));
  const payloads = Array.from({ length: PAYLOADS }, (_, index) => {
    const bytes = crypto.getRandomValues(new Uint8Array(DIGEST_BYTES));
    bytes[0] = index;
    const payload = { kind: task.payloadKind, bytes, digest: task.digest };
    const prepared = algorithm.prepare(payload, task.options, material.parameters);
    if (!prepared.ok) throw new Error(prepared.reason);
    return prepared.value;
  });
  const first = payloads[0];
  if (first === undefined) throw new Error('nothing to sign');
  const signer = key.signer(first.scheme);
  let next = 0;
  return {
    engine: `${selected.name}: ${selected.engine.description}`,
    sign: () => {
      const payload = payloads[next++ % PAYLOADS];
      if (payload === undefined || signer(payload.bytes, out) === 0) throw new Error('no signature');
    },
  };
}

/** Signs for that long; returns how many and how long it really was. */
function loop(sign: () => void, seconds: number): { readonly count: number; readonly seconds: number } {
  const startMs = performance.now();
  let count = 0;
  let burst = 1;
  for (;;) {
    for (let i = 0; i < burst; i++) sign();
    count += burst;
    const elapsed = (performance.now() - startMs) / 1000;
    if (elapsed >= seconds) return { count, seconds: elapsed };
    burst = Math.max(1, Math.floor((count / elapsed) * CLOCK_SECONDS));
  }
}

async function main(): Promise<void> {
  const task = JSON.parse(process.argv[2] ?? '') as EngineTask & { options: { merkleRoot?: string } };
  // Bytes went over as hex, since JSON has none.
  const { merkleRoot, ...options } = task.options;
  const { engine, sign } = await prepare({
    ...task,
    options: merkleRoot === undefined ? options : { ...options, merkleRoot: Buffer.from(merkleRoot, 'hex') },
  });
  loop(sign, WARM_UP_SECONDS);
  process.stdout.write('ready\n');
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const before = process.cpuUsage();
    const { count, seconds } = loop(sign, Number(line));
    const { user, system } = process.cpuUsage(before);
    const report: BareLoopReport = { engine, count, seconds, cpuSeconds: (user + system) / 1e6 };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  });
  await once(lines, 'close');
}

await main();
