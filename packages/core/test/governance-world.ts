/** The commands of governance over maps, with an officer, two approvers and a stranger. */
import { DomainError, type ErrorSubject } from '../src/domain-error.ts';
import { createGovernance } from '../src/governance/create-governance.ts';
import { createGovernedChanges } from '../src/governance/governed-changes.ts';
import type { PolicyDraft } from '../src/governance/governing-policy.ts';
import type { RequestId } from '../src/ids.ts';
import type { Caller, Permission, Principal } from '../src/principal.ts';
import { asking, governedAccount, groupOf, person, service } from './governance-fixtures.ts';
import { inMemoryDirectory } from './in-memory-directory.ts';
import { inMemoryGovernance } from './in-memory-governance-store.ts';

export const ALL_OF_GOVERNANCE: readonly Permission[] = [
  'create-policy',
  'read-policies',
  'update-policy',
  'archive-policy',
  'read-approvals',
  'approve',
];
export const officer = person({}, ALL_OF_GOVERNANCE);
export const [ann, bob] = [person(), person()];
export const nobody = service({}, []);

export const draft: PolicyDraft = {
  name: 'two of two',
  activity: 'sign',
  rule: { kind: 'amount-limit', configuration: { limitUsd: '10.0' } },
  action: asking([groupOf({ quorum: 2, approvers: [ann.id, bob.id] })], 60),
  filters: {},
};

/** `start` is a new process on the same data. */
export async function setUpGovernance(principals: readonly Principal[] = [officer, ann, bob, nobody]) {
  const store = inMemoryGovernance();
  const directory = inMemoryDirectory();
  await directory.insertAccount({
    id: governedAccount,
    name: 'a',
    settings: { allowLegacy: [] },
    createdAtMs: 0,
    revision: 1,
  });
  for (const principal of principals) await directory.insertPrincipal(principal, undefined, 0);
  const clock = { nowMs: 1_000 };
  const now = (): number => clock.nowMs;
  const released: RequestId[] = [];
  const unfinished: unknown[] = [];
  const start = () => {
    const changes = createGovernedChanges({
      ...store,
      directory,
      now,
      onUnfinished: (_id, cause) => unfinished.push(cause),
    });
    const runner = {
      release: async (id: RequestId) => {
        released.push(id);
      },
    };
    return { changes, governance: createGovernance({ ...store, directory, runner, changes, now }) };
  };
  const { changes: changeRows, ...maps } = store;
  return { ...maps, changeRows, directory, clock, released, unfinished, start, ...start() };
}

export const as = (principal: Principal, proof?: Caller['proof']): Caller => ({
  principal,
  session: undefined,
  dialect: 'test',
  ...(proof === undefined ? {} : { proof }),
});

/** How the action was refused. Throws where it wasn't. */
export async function refused(
  action: Promise<unknown>,
): Promise<{ readonly code: string; readonly subject: ErrorSubject | undefined }> {
  const error: unknown = await action.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof DomainError)) throw new Error('it was allowed, or failed otherwise', { cause: error });
  return { code: error.code, subject: error.subject };
}
