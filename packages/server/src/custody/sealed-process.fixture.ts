/** For tests: real sealed processes over real sockets, started as the keeper starts them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { KeyParameters } from '@countersign/algorithms/algorithm';
import { findAlgorithm } from '@countersign/algorithms/registry';
import { type AccountId, newId } from '@countersign/core/ids';
import type { KeyOperation, KeyRecord } from '@countersign/core/key-record';
import { mintPermits, type PermitSet, type PermittedItem } from '@countersign/core/permit';
import type { Custody, SealedKeyPair, SealingTerms } from '@countersign/core/ports/custody';
import type { SealedRole } from './frames.ts';

const PROGRAM = fileURLToPath(new URL('./sealed/main.ts', import.meta.url));

export interface SealedProcess {
  readonly child: ChildProcess;
  /** The HTTP process's end. */
  readonly socket: Socket;
  /** All of its standard error, so far. */
  readonly errorOutput: () => string;
  /** Exit code and signal. */
  readonly exited: Promise<readonly [number | null, NodeJS.Signals | null]>;
}

/** Two connected ends of a Unix socket. */
export async function socketPair(): Promise<readonly [Socket, Socket]> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-channel-'));
  const path = join(folder, 'channel');
  const server = createServer({ pauseOnConnect: true });
  try {
    server.listen(path);
    await once(server, 'listening');
    const near = createConnection(path);
    const [[far]] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(near, 'connect')]);
    // A test that resets a connection means it; whoever uses an end listens for itself as well.
    for (const end of [near, far]) end.on('error', () => undefined);
    return [near, far];
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts one. `rootKey` undefined: no descriptor 4, as for a verifier. `flags`: for Node itself. */
export async function startSealedProcess(
  role: SealedRole,
  rootKey: Uint8Array | undefined,
  flags: readonly string[] = [],
): Promise<SealedProcess> {
  const [near, far] = await socketPair();
  const child = spawn(process.execPath, [...flags, PROGRAM, '--role', role], {
    stdio: ['ignore', 'ignore', 'pipe', far, ...(rootKey === undefined ? [] : ['pipe' as const])],
    env: {},
  });
  far.destroy();
  let errorOutput = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errorOutput += text;
  });
  const exited = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const pipe = child.stdio[4];
  if (pipe instanceof Writable) pipe.end(rootKey);
  return { child, socket: near, errorOutput: () => errorOutput, exited };
}

export const ACCOUNT_ID = newId<AccountId>();

export function termsOf(algorithm: string, operations: readonly KeyOperation[] = ['sign', 'verify']): SealingTerms {
  return { keyId: newId(), accountId: ACCOUNT_ID, algorithm, operations, exportable: false };
}

/** The record that a store would hold for a pair. */
export function recordOf(terms: SealingTerms, pair: SealedKeyPair): KeyRecord {
  return {
    id: terms.keyId,
    accountId: terms.accountId,
    groupId: newId(),
    name: undefined,
    description: '',
    algorithm: terms.algorithm,
    parameters: pair.parameters,
    custody: 'vault',
    persistence: 'transient',
    publicKey: pair.publicKey,
    sealed: pair.sealed,
    operations: terms.operations,
    dialectAttributes: {},
    state: 'active',
    enabled: true,
    exportable: terms.exportable,
    deterministicSignatures: undefined,
    allowSignDigest: true,
    verifyAfterSign: false,
    createdBy: newId(),
    createdAtMs: 0,
    activatedAtMs: 0,
    lastUsedAtMs: undefined,
    version: 1,
  };
}

export async function newKey(
  custody: Custody,
  algorithm: string,
  operations?: readonly KeyOperation[],
  parameters: KeyParameters = {},
): Promise<KeyRecord> {
  const terms = termsOf(algorithm, operations);
  return recordOf(terms, await custody.generate(terms, parameters));
}

/** What step 2 of a signature makes of a message. */
export function itemOf(key: KeyRecord, message: Uint8Array): PermittedItem {
  const algorithm = findAlgorithm(key.algorithm);
  for (const digest of ['sha-256', undefined] as const) {
    const prepared = algorithm?.prepare({ kind: 'message', bytes: message, digest }, {}, key.parameters);
    if (prepared?.ok === true) return { key, scheme: prepared.value.scheme, bytes: prepared.value.bytes };
  }
  throw new Error(`no payload for ${key.algorithm}`);
}

let lastBatchId = 0;

export function permitsFor(items: readonly PermittedItem[], batchId = ++lastBatchId): PermitSet {
  return mintPermits({ batchId, itemCount: items.length }, items);
}
