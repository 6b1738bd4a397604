import { parseArgs } from 'node:util';
import { type RequestsPlan, requestsPlan } from './requests/requests-plan.ts';
import { SUBJECTS, type Subject } from './subjects.ts';
import { type ThresholdPlan, thresholdPlan } from './threshold/threshold-plan.ts';

export interface BenchOptions {
  /** False: the rows of threshold keys or of requests alone. */
  readonly hasService: boolean;
  /** Undefined leaves the threshold rows out. */
  readonly threshold: ThresholdPlan | undefined;
  /** Undefined leaves the rows on signature requests, policies and chains out. */
  readonly requests: RequestsPlan | undefined;
  readonly subjects: readonly Subject[];
  /** How long each cell is measured. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly batchSizes: readonly number[];
  readonly batchConnections: readonly number[];
  readonly singleConnections: readonly number[];
  readonly largeBatchConnections: readonly number[];
  /** How many keys are stored before signing is measured again; 0 leaves that part out. */
  readonly storedKeys: number;
  /** Where the results go; undefined for a name of its own in bench/results. */
  readonly jsonFile: string | undefined;
}

export const BENCH_HELP = `npm run bench -- [options]
  --algorithms A,B   only these: ${SUBJECTS.map(({ name }) => name).join(', ')}
  --seconds N        how long each cell is measured (default 2)
  --quick            short cells and fewer of them, for a look
  --full             all algorithms, all numbers of connections, 100,000 stored keys, threshold keys, requests
  --threshold        threshold keys between servers, and nothing else
  --requests         signature requests, policies and chains, and nothing else; with --full a million stored ones
  --stored-keys N    keys to store before signing is measured again (default 10000; 0: leave it out)
  --json FILE        where the results go (default: a new file in bench/results)
`;

/** @throws Error with a text for people */
export function parseBenchOptions(argv: readonly string[]): BenchOptions | 'help' {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      algorithms: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean' },
      full: { type: 'boolean' },
      threshold: { type: 'boolean' },
      requests: { type: 'boolean' },
      'stored-keys': { type: 'string' },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return 'help';
  const isFull = values.full ?? false;
  const isQuick = values.quick ?? false;
  if (isFull && isQuick) throw new Error('--quick and --full contradict each other');
  const isThreshold = values.threshold ?? false;
  const isRequests = values.requests ?? false;
  if (isRequests && [values.algorithms, values['stored-keys'], values.threshold].some((value) => value !== undefined))
    throw new Error('--requests measures requests alone: it goes with --seconds, --quick, --full and --json');
  const serviceOptions = [values.algorithms, values['stored-keys'], values.full];
  if (isThreshold && serviceOptions.some((value) => value !== undefined))
    throw new Error('--threshold measures threshold keys alone: it goes with --seconds, --quick and --json');
  const seconds = values.seconds === undefined ? (isQuick ? 0.5 : 2) : Number(values.seconds);
  if (!(seconds >= 0.1 && seconds <= 60)) throw new Error('--seconds must be a number from 0.1 to 60');
  const storedKeys =
    values['stored-keys'] === undefined ? (isFull ? 100_000 : isQuick ? 0 : 10_000) : Number(values['stored-keys']);
  if (!Number.isInteger(storedKeys) || storedKeys < 0 || storedKeys > 1_000_000)
    throw new Error('--stored-keys must be a whole number from 0 to 1000000');
  const warmUpSeconds = Math.min(0.5, seconds / 2);
  return {
    hasService: !isThreshold && !isRequests,
    threshold: isThreshold || (isFull && !isRequests) ? thresholdPlan(isQuick, seconds) : undefined,
    requests: isRequests || isFull ? requestsPlan({ isQuick, isFull }, { warmUpSeconds, seconds }) : undefined,
    subjects: chooseSubjects(values.algorithms, isFull),
    seconds,
    warmUpSeconds,
    batchSizes: isQuick ? [1000] : [1, 10, 100, 1000],
    batchConnections: isFull ? [1, 8, 64] : [8],
    singleConnections: isQuick ? [64] : [1, 8, 64],
    largeBatchConnections: isFull ? [1, 4] : [4],
    storedKeys,
    jsonFile: values.json,
  };
}

function chooseSubjects(names: string | undefined, isFull: boolean): readonly Subject[] {
  if (names === undefined) return SUBJECTS.filter(({ isExtra }) => isFull || !isExtra);
  return names.split(',').map((name) => {
    const found = SUBJECTS.find((subject) => subject.name.toLowerCase() === name.trim().toLowerCase());
    if (found === undefined)
      throw new Error(`no algorithm "${name}"; there are: ${SUBJECTS.map((s) => s.name).join(', ')}`);
    return found;
  });
}
