/**
 * The program of the sealed processes: `main.ts --role signer|generator|verifier|party`.
 *
 * Descriptor 3 is the channel to the HTTP process, descriptor 4 a pipe with the root key (none for a verifier).
 * Exit status: 0 when the channel closed, 2 when the peer broke its format, 1 for everything else.
 */
import { Socket } from 'node:net';
import { selectEngines } from '@countersign/algorithms/engine-selection';
import { allAlgorithms } from '@countersign/algorithms/registry';
import { FrameError, SEALED_ROLES, type SealedRole } from '../frames.ts';
import { type EngineReport, packHello } from '../messages/hello.ts';
import { sealProcess } from './isolation.ts';
import { denyMemoryAccess } from './isolation-memory.ts';
import { describeError, logLine } from './log-line.ts';
import { loadSchemes } from './party/load-schemes.ts';
import { partyOperations } from './party/party-operations.ts';
import { takePartyOptions } from './party/party-options.ts';
import { readRootKey } from './root-key.ts';
import { type Operations, serve } from './serve.ts';
import { signerOperations } from './signer.ts';
import { verifierOperations } from './verifier.ts';
import { warmUpEngines } from './warm-up.ts';

const CHANNEL_DESCRIPTOR = 3;
const ROOT_KEY_DESCRIPTOR = 4;

type AnyOperations = Operations<Buffer | Promise<Buffer>>;
type Engines = Awaited<ReturnType<typeof selectEngines>>;

/** What a role brings, loaded before the process seals itself. */
interface Loaded {
  readonly engines: readonly EngineReport[];
  readonly operations: AnyOperations;
}

const ROLES: Readonly<Record<SealedRole, () => Promise<Loaded>>> = {
  signer: () => withEngines((engines) => signerOperations(engines, readRootKey(ROOT_KEY_DESCRIPTOR))),
  // HPKE is this role's alone: the others needn't load it.
  generator: async () => {
    const { generatorOperations } = await import('./generator.ts');
    const { warmUpTransfers } = await import('./warm-up-transfers.ts');
    const loaded = await withEngines((engines) => generatorOperations(engines, readRootKey(ROOT_KEY_DESCRIPTOR)));
    await warmUpTransfers();
    return loaded;
  },
  verifier: () => withEngines((engines) => verifierOperations(engines)),
  // Its arithmetic is that of the threshold protocols alone.
  party: async () => {
    const schemes = await loadSchemes();
    return {
      engines: [...schemes.values()].map(({ algorithm, group }) => ({
        algorithm: `threshold ${algorithm}`,
        engine: group.name,
        description: group.description,
        unavailable: [],
      })),
      operations: partyOperations(schemes, readRootKey(ROOT_KEY_DESCRIPTOR), takePartyOptions(process.env)),
    };
  },
};

async function withEngines(operationsOf: (engines: Engines) => AnyOperations): Promise<Loaded> {
  const engines = await selectEngines(allAlgorithms());
  const operations = operationsOf(engines);
  warmUpEngines(engines);
  return {
    engines: [...engines.values()].map(({ algorithm, selected, unavailable }) => ({
      algorithm: algorithm.name,
      engine: selected?.name,
      description: selected?.engine.description,
      unavailable,
    })),
    operations,
  };
}

function roleFromArguments(): SealedRole {
  const [flag, name, ...rest] = process.argv.slice(2);
  const role = SEALED_ROLES.find((known) => known === name);
  if (flag !== '--role' || role === undefined || rest.length > 0) throw new Error('usage: --role <role>');
  return role;
}

async function main(): Promise<void> {
  const role = roleFromArguments();
  // Before the root key is read: from here on no process of the same user can look in.
  denyMemoryAccess();
  const { engines, operations } = await ROLES[role]();
  const isolation = sealProcess();
  const socket = new Socket({ fd: CHANNEL_DESCRIPTOR, readable: true, writable: true });
  socket.write(packHello({ role, pid: process.pid, isolation, engines }));
  await serve(socket, operations);
}

// A stopping server drains: the signals of its process group don't end a signer, the end of its channel does.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
const end = (error: unknown): never => {
  logLine('sealed-process-failed', describeError(error));
  process.exit(error instanceof FrameError ? 2 : 1);
};
process.on('uncaughtException', end);
process.on('unhandledRejection', end);

main().then(() => process.exit(0), end);
