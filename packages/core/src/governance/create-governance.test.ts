import { describe, expect, it } from 'vitest';
import { asking, groupOf, person } from '../../test/governance-fixtures.ts';
import {
  ALL_OF_GOVERNANCE,
  ann,
  as,
  bob,
  draft,
  nobody,
  officer,
  refused,
  setUpGovernance,
} from '../../test/governance-world.ts';
import { newId } from '../ids.ts';
import type { Caller, Permission } from '../principal.ts';
import type { PolicyDraft } from './governing-policy.ts';

describe('policies', () => {
  it('are stored in canonical form, read, listed newest first, changed and archived', async () => {
    const { governance } = await setUpGovernance();
    const policy = await governance.createPolicy(as(officer), draft);
    expect(policy).toMatchObject({
      version: 1,
      status: 'active',
      rule: { configuration: { limitUsd: '10', currency: 'USD' } },
    });
    expect(await governance.getPolicy(as(officer), policy.id)).toEqual(policy);
    const updated = await governance.updatePolicy(as(officer), policy.id, { ...draft, name: 'new' });
    expect(updated).toMatchObject({ done: true, entity: { name: 'new', version: 2, status: 'active' } });
    const archived = await governance.archivePolicy(as(officer), policy.id);
    expect(archived).toMatchObject({ done: true, entity: { version: 3, status: 'archived' } });
    const listed = await governance.listPolicies(as(officer), { after: undefined, limit: 10, status: 'archived' });
    expect(listed.items.map(({ id }) => id)).toEqual([policy.id]);
    expect(await refused(governance.updatePolicy(as(officer), policy.id, draft))).toEqual({
      code: 'conflict',
      subject: 'archived',
    });
    expect(await refused(governance.archivePolicy(as(officer), policy.id))).toEqual({
      code: 'conflict',
      subject: 'archived',
    });
  });

  it('need a permission for each command', async () => {
    const { governance } = await setUpGovernance();
    const { id } = await governance.createPolicy(as(officer), draft);
    const commands: Record<string, (caller: Caller) => Promise<unknown>> = {
      'create-policy': (caller) => governance.createPolicy(caller, draft),
      'read-policies': (caller) => governance.getPolicy(caller, id),
      'update-policy': (caller) => governance.updatePolicy(caller, id, draft),
      'archive-policy': (caller) => governance.archivePolicy(caller, id),
    };
    for (const [permission, command] of Object.entries(commands)) {
      const others = ALL_OF_GOVERNANCE.filter((other) => other !== permission);
      expect((await refused(command(as(person({}, others))))).code).toBe('forbidden');
      await command(as(person({}, [permission as Permission])));
    }
    const listing = governance.listPolicies(as(nobody), { after: undefined, limit: 1 });
    expect((await refused(listing)).code).toBe('forbidden');
  });

  it('are not found in another account', async () => {
    const { governance } = await setUpGovernance();
    const { id } = await governance.createPolicy(as(officer), draft);
    const stranger = as({ ...officer, accountId: newId() });
    expect(await refused(governance.getPolicy(stranger, id))).toEqual({ code: 'not_found', subject: 'policy' });
    expect(await refused(governance.updatePolicy(stranger, id, draft))).toEqual({
      code: 'not_found',
      subject: 'policy',
    });
  });

  const group = (overrides: Parameters<typeof groupOf>[0]): Partial<PolicyDraft> => ({
    action: asking([groupOf(overrides)]),
  });
  const bad: readonly (readonly [string, Partial<PolicyDraft>])[] = [
    ['an empty name', { name: ' ' }],
    ['a name of two lines', { name: 'a\nb' }],
    ['a long name', { name: 'x'.repeat(256) }],
    ['an unknown rule', { rule: { kind: 'toString', configuration: {} } }],
    ['a rule that is not for the activity', { activity: 'modify-role' }],
    ['a bad configuration', { rule: { kind: 'amount-limit', configuration: { limitUsd: 10 } } }],
    ['a quorum of 0', group({ quorum: 0 })],
    ['a quorum of a half', group({ quorum: 0.5 })],
    ['no approvers', group({ approvers: [] })],
    ['an unknown approver', group({ approvers: [newId()] })],
    ['an approver that is named twice', group({ approvers: [ann.id, ann.id] })],
    ['more approvals than approvers', group({ quorum: 3, approvers: [ann.id, bob.id] })],
    ['a quorum that needs services that do not count', group({ quorum: 2, approvers: [ann.id, nobody.id] })],
    ['101 approvers', group({ approvers: Array.from({ length: 101 }, () => newId()) })],
    ['no groups', { action: asking([]) }],
    ['11 groups', { action: asking(Array.from({ length: 11 }, () => groupOf())) }],
    ['no time', { action: asking([groupOf()], 0) }],
    ['too much time', { action: asking([groupOf()], 43_201) }],
    ['a filter of another activity', { filters: { roleIds: [newId()] } }],
    ['an empty filter', { filters: { walletTagsAny: [] } }],
    ['too many tags', { filters: { walletTagsAny: Array.from({ length: 1001 }, (_, index) => `${index}`) } }],
    [
      'a block on changes of policies',
      { activity: 'modify-policy', rule: { kind: 'always', configuration: {} }, action: { kind: 'block' } },
    ],
  ];
  it.each(bad)('are refused with %s', async (_what, change) => {
    const { governance, policies } = await setUpGovernance();
    expect((await refused(governance.createPolicy(as(officer), { ...draft, ...change }))).code).toBe('invalid_request');
    const { id } = await governance.createPolicy(as(officer), draft);
    expect((await refused(governance.updatePolicy(as(officer), id, { ...draft, ...change }))).code).toBe(
      'invalid_request',
    );
    expect([...policies.values()]).toHaveLength(1);
  });

  it('do not take an approver of another account', async () => {
    const foreign = person({ accountId: newId() });
    const { governance } = await setUpGovernance([officer, foreign]);
    expect(
      (await refused(governance.createPolicy(as(officer), { ...draft, ...group({ approvers: [foreign.id] }) }))).code,
    ).toBe('invalid_request');
  });
});
