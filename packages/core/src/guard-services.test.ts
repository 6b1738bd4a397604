import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { principalWith } from '../test/recording-ports.ts';
import { COMMAND_KINDS, type CommandKind, guardServices } from './guard-services.ts';
import { newId } from './ids.ts';
import type { Caller } from './principal.ts';
import type { Services } from './services.ts';

interface Command {
  readonly service: string;
  /** Undefined: the service is itself a command. */
  readonly name: string | undefined;
  readonly kind: CommandKind;
}

const COMMANDS: readonly Command[] = Object.entries(COMMAND_KINDS).flatMap(([service, kinds]): readonly Command[] =>
  typeof kinds === 'string'
    ? [{ service, name: undefined, kind: kinds }]
    : Object.entries(kinds).map(([name, kind]) => ({ service, name, kind: kind as CommandKind })),
);

const CHANGES = COMMANDS.filter(({ kind }) => kind === 'change').map(
  (command) => [`${command.service}.${command.name ?? ''}`, command] as const,
);

type Run = (...parameters: readonly unknown[]) => unknown;

/** Services whose every command notes that it was called, and with what. */
function notingServices(calls: (readonly unknown[])[]): Services {
  const noting =
    (): Run =>
    (...parameters) => {
      calls.push(parameters);
      return Promise.resolve('done');
    };
  const services: Record<string, unknown> = {};
  for (const { service, name } of COMMANDS)
    if (name === undefined) services[service] = noting();
    else services[service] = { ...(services[service] as object | undefined), [name]: noting() };
  return services as unknown as Services;
}

function commandOf(services: Services, { service, name }: Command): Run {
  const found = (services as unknown as Record<string, Run | Record<string, Run>>)[service];
  const command = name === undefined || typeof found === 'function' ? found : found?.[name];
  if (typeof command !== 'function') throw new Error(`no command ${service}.${name}`);
  return command;
}

function callerWith(requiresProof: boolean, isProven: boolean): Caller {
  const principal = { ...principalWith([]), requiresProof };
  const proof = { credentialId: newId(), tokenId: undefined, subjectDigest: undefined, logIndex: 0 } as const;
  return { principal, session: undefined, dialect: 'test', ...(isProven && { proof }) } as Caller;
}

describe('guardServices', () => {
  it('lets every command through exactly as its kind and the proof allow', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...COMMANDS), fc.boolean(), fc.boolean(), async (command, requires, proven) => {
        const calls: (readonly unknown[])[] = [];
        const caller = callerWith(requires, proven);
        const parameters = [caller, ...(command.name === undefined ? ['a'] : ['a', 'b'])];
        const run = (): unknown => commandOf(guardServices(notingServices(calls)), command)(...parameters);
        if (command.kind === 'change' && requires && !proven) {
          await expect(run()).rejects.toMatchObject({ code: 'proof_required' });
          expect(calls).toEqual([]);
        } else {
          await run();
          expect(calls).toEqual([parameters]);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each(CHANGES)('refuses %s without a proof', async (_title, command) => {
    const calls: (readonly unknown[])[] = [];
    const run = commandOf(guardServices(notingServices(calls)), command);
    await expect(run(callerWith(true, false))).rejects.toMatchObject({ code: 'proof_required' });
    expect(calls).toEqual([]);
  });

  it('guards what signs, moves keys, decides, or gives rights away', () => {
    const kinds = new Map(COMMANDS.map(({ service, name, kind }) => [`${service}.${name ?? ''}`, kind]));
    for (const command of [
      'signBatch.',
      'requests.create',
      'keys.generate',
      'keys.openInline',
      'keys.exportEncrypted',
      'threshold.exportShare',
      'threshold.exportFull',
      'principals.createApiKey',
      'governance.decide',
      'identities.createServiceAccount',
      'identities.setCredentialActive',
      'registration.renewInvitation',
      'registration.completeCredential',
      'webhooks.rotateSecret',
    ])
      expect([command, kinds.get(command)]).toEqual([command, 'change']);
  });

  it('leaves a service its own calls, its facts, and what it is', async () => {
    const calls: string[] = [];
    const services = notingServices([]);
    const keys = {
      ...services.keys,
      async remove(this: { find: Run }) {
        calls.push('remove');
        return this.find();
      },
      find: async () => calls.push('find'),
    } as unknown as Services['keys'];
    const registration = { ...services.registration, relyingPartyId: 'localhost' };
    const guarded = guardServices({ ...services, keys, registration });
    expect(guarded.registration.relyingPartyId).toBe('localhost');
    await guarded.keys.remove(callerWith(true, true), newId());
    expect(calls).toEqual(['remove', 'find']);
  });
});
