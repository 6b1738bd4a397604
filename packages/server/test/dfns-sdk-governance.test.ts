/** Policies, approvals and roles as the product's own client sees them, in both of its versions. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addServiceAccount,
  clientOf,
  type DfnsApiClient,
  type Holder,
  refusal,
  SDK_VERSIONS,
  until,
} from './dfns-client.ts';
import { type DfnsService, startDfnsService } from './dfns-service.ts';
import { bytesOf, verifiesEcdsa } from './independent-verification.ts';

let service: DfnsService;

beforeAll(async () => {
  service = await startDfnsService();
}, 60_000);

afterAll(() => service?.close());

type PolicyBody = Parameters<DfnsApiClient['policies']['createPolicy']>[0]['body'];
type Policy = Awaited<ReturnType<DfnsApiClient['policies']['createPolicy']>>;
type Signature = Awaited<ReturnType<DfnsApiClient['keys']['generateSignature']>>;
type Approval = Awaited<ReturnType<DfnsApiClient['policies']['getApproval']>>;

const MINUTE_MS = 60_000;

function newHash(): string {
  return `0x${randomBytes(32).toString('hex')}`;
}

/** Keys as a filter are an extension, which the client doesn't type and passes through. */
function onKey(id: string): PolicyBody['filters'] {
  return { keyId: { in: [id] } } as unknown as PolicyBody['filters'];
}

describe.each(SDK_VERSIONS)('$name', (version) => {
  let holders: readonly [Holder, Holder, Holder];
  let clients: readonly [DfnsApiClient, DfnsApiClient, DfnsApiClient];
  let requester: DfnsApiClient;

  beforeAll(async () => {
    const made = await Promise.all(
      (['ed25519', 'P-256', 'RSA-2048'] as const).map((key) => addServiceAccount(service.url, service.apiKey, { key })),
    );
    holders = made as unknown as typeof holders;
    clients = made.map((holder) => clientOf(service.url, holder, version)) as unknown as typeof clients;
    requester = clients[0];
  });

  /** Any `quorum` of the three; none of them is asked whether the requester is one of them. */
  const approvalBy = (quorum: number, more: { readonly autoRejectTimeout?: number } = {}): PolicyBody['action'] => ({
    kind: 'RequestApproval',
    ...more,
    approvalGroups: [
      {
        name: 'Custodians',
        quorum,
        approvers: { userId: { in: holders.map(({ userId }) => userId) } },
        initiatorCanApprove: false,
        serviceAccountsCanApprove: true,
      },
    ],
  });

  const newKey = (): ReturnType<DfnsApiClient['keys']['createKey']> =>
    requester.keys.createKey({ body: { scheme: 'ECDSA', curve: 'secp256k1' } });

  const signPolicy = async (keyId: string, action: PolicyBody['action'], name = 'a policy'): Promise<Policy> =>
    requester.policies.createPolicy({
      body: {
        name,
        activityKind: 'Wallets:Sign',
        rule: { kind: 'AlwaysTrigger', configuration: {} },
        action,
        filters: onKey(keyId),
      } as PolicyBody,
    });

  /** A request that waits for approval. */
  const pending = async (
    quorum: number,
    more: { readonly autoRejectTimeout?: number } = {},
  ): Promise<{ keyId: string; publicKey: string; hash: string; request: Signature; approvalId: string }> => {
    const { id: keyId, publicKey } = await newKey();
    await signPolicy(keyId, approvalBy(quorum, more));
    const hash = newHash();
    const request = await requester.keys.generateSignature({ keyId, body: { kind: 'Hash', hash } });
    expect(request).toMatchObject({ status: 'Pending', approvalId: expect.stringMatching(/^ap-/) as string });
    expect(request).not.toHaveProperty('signature');
    return { keyId, publicKey, hash, request, approvalId: request.approvalId ?? '' };
  };

  const decide = (
    client: DfnsApiClient,
    approvalId: string,
    value: 'Approved' | 'Denied',
    reason = 'seen\u2028"it"',
  ): Promise<Approval> => client.policies.createApprovalDecision({ approvalId, body: { value, reason } });

  it('makes, shows, lists, changes and archives policies', async () => {
    const { id: keyId } = await newKey();
    const policy = await signPolicy(keyId, approvalBy(2, { autoRejectTimeout: 60 }), 'before');
    expect(policy).toMatchObject({
      name: 'before',
      status: 'Active',
      activityKind: 'Wallets:Sign',
      rule: { kind: 'AlwaysTrigger', configuration: {} },
      action: approvalBy(2, { autoRejectTimeout: 60 }),
      filters: onKey(keyId),
    });
    expect(await requester.policies.getPolicy({ policyId: policy.id })).toEqual(policy);
    const body = {
      name: 'after',
      activityKind: 'Wallets:Sign',
      rule: { kind: 'TransactionCountVelocity', configuration: { limit: 3, timeframe: 60 } },
      action: { kind: 'Block' },
      filters: onKey(keyId),
    } as PolicyBody;
    const updated = await requester.policies.updatePolicy({ policyId: policy.id, body });
    expect(updated).toMatchObject({ id: policy.id, ...body });
    const names = async (status: 'Active' | 'Archived'): Promise<(string | undefined)[]> =>
      (await requester.policies.listPolicies({ query: { status } })).items.map(({ id, name }) =>
        id === policy.id ? name : undefined,
      );
    expect(await names('Active')).toContain('after');
    expect((await requester.policies.archivePolicy({ policyId: policy.id })).status).toBe('Archived');
    expect(await names('Active')).not.toContain('after');
    expect(await names('Archived')).toContain('after');
    const again = await refusal(requester.policies.updatePolicy({ policyId: policy.id, body }));
    expect(again.httpStatus).toBe(409);
    // An archived policy asks for nothing.
    const request = await requester.keys.generateSignature({ keyId, body: { kind: 'Hash', hash: newHash() } });
    expect(request.status).toBe('Signed');
  });

  it('refuses policies that nobody could satisfy, and names what it knows', async () => {
    const { id: keyId } = await newKey();
    const none = await refusal(signPolicy(keyId, approvalBy(0)));
    expect(none.httpStatus).toBe(400);
    const tooMany = await refusal(signPolicy(keyId, approvalBy(4)));
    expect(tooMany.httpStatus).toBe(400);
    const rule = { kind: 'Sometimes', configuration: {} };
    const body = { name: 'p', activityKind: 'Wallets:Sign', rule, action: { kind: 'Block' } } as unknown as PolicyBody;
    const unknown = await refusal(requester.policies.createPolicy({ body }));
    expect(unknown).toMatchObject({ httpStatus: 400, message: expect.stringContaining('AlwaysTrigger') as string });
  });

  it('signs once two of the three have approved, and the requester is none of them', async () => {
    const { keyId, publicKey, hash, request, approvalId } = await pending(2);
    for (const query of [
      { status: 'Pending' },
      { initiatorId: holders[0].userId },
      { approverId: holders[1].userId },
    ] as const) {
      const { items } = await clients[1].policies.listApprovals({ query });
      expect(items.map(({ id }) => id)).toContain(approvalId);
    }
    expect(await clients[1].policies.getApproval({ approvalId })).toMatchObject({
      id: approvalId,
      initiatorId: holders[0].userId,
      status: 'Pending',
      activity: {
        kind: 'Wallets:Sign',
        signatureRequest: { id: request.id, keyId, requestBody: { kind: 'Hash', hash } },
      },
      policyEvaluations: [{ triggered: true }],
      decisions: [],
    });

    const own = await refusal(decide(clients[0], approvalId, 'Approved'));
    expect(own).toMatchObject({ httpStatus: 403, message: expect.stringContaining('asked for it') as string });
    const first = await decide(clients[1], approvalId, 'Approved');
    expect(first).toMatchObject({
      status: 'Pending',
      decisions: [{ userId: holders[1].userId, value: 'Approved', reason: 'seen\u2028"it"' }],
    });
    expect((await refusal(decide(clients[1], approvalId, 'Approved'))).httpStatus).toBe(409);
    expect((await requester.keys.getSignature({ keyId, signatureId: request.id })).status).toBe('Pending');
    const second = await decide(clients[2], approvalId, 'Approved');
    expect(second).toMatchObject({ status: 'Approved', dateResolved: expect.any(String) as string });

    const signed = await requester.keys.getSignature({ keyId, signatureId: request.id });
    expect(signed).toMatchObject({
      status: 'Signed',
      approvalId,
      datePolicyResolved: expect.any(String) as string,
      dateSigned: expect.any(String) as string,
    });
    expect(verifiesEcdsa(publicKey, signed.signature ?? { r: '', s: '' }, bytesOf(hash))).toBe(true);
    expect((await refusal(decide(clients[1], approvalId, 'Denied'))).httpStatus).toBe(409);
  });

  it('ends a request with one denial, by an approver or by the requester itself', async () => {
    for (const denier of [clients[1], clients[0]]) {
      const { keyId, request, approvalId } = await pending(2);
      await decide(clients[2], approvalId, 'Approved');
      expect((await decide(denier, approvalId, 'Denied', 'not this one')).status).toBe('Denied');
      const rejected = await requester.keys.getSignature({ keyId, signatureId: request.id });
      expect(rejected).toMatchObject({
        status: 'Rejected',
        reason: expect.stringContaining('not this one') as string,
        datePolicyResolved: expect.any(String) as string,
      });
      expect(rejected).not.toHaveProperty('signature');
      expect((await refusal(decide(clients[1], approvalId, 'Approved'))).httpStatus).toBe(409);
    }
  });

  it('ends a request whose time is over', async () => {
    const { keyId, request, approvalId } = await pending(1, { autoRejectTimeout: 5 });
    service.advance(5 * MINUTE_MS + 1000);
    const late = await refusal(decide(clients[1], approvalId, 'Approved'));
    expect(late.httpStatus).toBe(409);
    expect((await requester.policies.getApproval({ approvalId })).status).toBe('Expired');
    expect(await requester.keys.getSignature({ keyId, signatureId: request.id })).toMatchObject({
      status: 'Rejected',
      reason: expect.stringContaining('expired') as string,
    });
    // One that nobody looks at ends as well.
    const other = await pending(1, { autoRejectTimeout: 1 });
    service.advance(MINUTE_MS + 1000);
    await until(async () => {
      const { status } = await requester.keys.getSignature({ keyId: other.keyId, signatureId: other.request.id });
      return status === 'Rejected' ? status : undefined;
    }, 'the sweep');
  });

  it('signs nothing under a policy that blocks, whatever else allows', async () => {
    const { id: keyId } = await newKey();
    await signPolicy(keyId, approvalBy(1));
    await signPolicy(keyId, { kind: 'Block' });
    // As a request that was refused: clients look at the status, and the reason stays to be read.
    const blocked = await requester.keys.generateSignature({ keyId, body: { kind: 'Hash', hash: newHash() } });
    expect(blocked).toMatchObject({ status: 'Rejected', reason: expect.stringContaining('policy') as string });
    expect(blocked).not.toHaveProperty('signature');
    expect(blocked).not.toHaveProperty('approvalId');
  });

  it('makes a governed change of a policy when people have approved it, and not before', async () => {
    const { id: keyId } = await newKey();
    const policy = await signPolicy(keyId, approvalBy(2), 'governed');
    const guard = await requester.policies.createPolicy({
      body: {
        name: 'changes of it',
        activityKind: 'Policies:Modify',
        rule: { kind: 'AlwaysTrigger', configuration: {} },
        action: approvalBy(1),
        filters: { policyId: { in: [policy.id] } },
      } as PolicyBody,
    });
    const body = {
      name: 'weakened',
      activityKind: 'Wallets:Sign',
      rule: { kind: 'AlwaysTrigger', configuration: {} },
      action: { kind: 'NoAction' },
      filters: onKey(keyId),
    } as PolicyBody;
    const waits = await refusal(requester.policies.updatePolicy({ policyId: policy.id, body }));
    expect(waits).toMatchObject({ httpStatus: 202, message: 'Operation triggered a policy pending approval' });
    const changeRequest = waits.context as { readonly approvalId: string };
    expect(changeRequest).toMatchObject({
      kind: 'Policy',
      operationKind: 'Update',
      status: 'Pending',
      entityId: policy.id,
    });
    expect(await requester.policies.getPolicy({ policyId: policy.id })).toMatchObject({
      name: 'governed',
      pendingChangeRequest: { approvalId: changeRequest.approvalId },
    });
    expect((await refusal(requester.policies.archivePolicy({ policyId: policy.id }))).httpStatus).toBe(409);
    expect((await refusal(decide(clients[0], changeRequest.approvalId, 'Approved'))).httpStatus).toBe(403);
    expect(await decide(clients[1], changeRequest.approvalId, 'Approved')).toMatchObject({
      status: 'Approved',
      activity: { kind: 'Policies:Modify', changeRequest: { status: 'Applied' } },
    });
    const changed = await requester.policies.getPolicy({ policyId: policy.id });
    expect(changed).toMatchObject({ name: 'weakened', action: { kind: 'NoAction' } });
    expect(changed).not.toHaveProperty('pendingChangeRequest');
    await requester.policies.archivePolicy({ policyId: guard.id });
  });

  it('makes roles, gives them, governs who gets them, and takes them away', async () => {
    const name = `role ${randomBytes(8).toString('hex')}`;
    const { permissions } = requester;
    const role = await permissions.createPermission({ body: { name, operations: ['Keys:Read', 'Keys:Create'] } });
    expect(role).toMatchObject({ name, status: 'Active', isImmutable: false, isArchived: false });
    const permissionId = role.id;
    expect((await permissions.getPermission({ permissionId })).operations.toSorted()).toEqual([
      'Keys:Create',
      'Keys:Read',
    ]);
    const limited = await addServiceAccount(service.url, service.apiKey, { operations: ['Keys:Read'] });
    const theirs = clientOf(service.url, limited, version);
    const theirKey = (): Promise<unknown> => theirs.keys.createKey({ body: { scheme: 'EdDSA', curve: 'ed25519' } });
    expect((await refusal(theirKey())).httpStatus).toBe(403);

    const assigned = await permissions.createAssignment({ permissionId, body: { identityId: limited.userId } });
    expect(assigned).toMatchObject({ permissionId, identityId: limited.userId });
    await theirKey();
    const { items } = await permissions.listAssignments({ permissionId });
    expect(items.map(({ identityId }) => identityId)).toEqual([limited.userId]);
    await permissions.deleteAssignment({ permissionId, assignmentId: items[0]?.id ?? '' });
    expect((await refusal(theirKey())).httpStatus).toBe(403);

    const guard = await requester.policies.createPolicy({
      body: {
        name: 'who gets it',
        activityKind: 'Permissions:Assign',
        rule: { kind: 'AlwaysTrigger', configuration: {} },
        action: approvalBy(1),
        filters: { permissionId: { in: [permissionId] } },
      } as PolicyBody,
    });
    const waits = await refusal(permissions.createAssignment({ permissionId, body: { identityId: limited.userId } }));
    expect(waits.httpStatus).toBe(202);
    expect((await refusal(theirKey())).httpStatus).toBe(403);
    const { approvalId } = waits.context as { readonly approvalId: string };
    await decide(clients[1], approvalId, 'Approved');
    await theirKey();
    await requester.policies.archivePolicy({ policyId: guard.id });

    const renamed = await permissions.updatePermission({ permissionId, body: { name: `${name} two` } });
    expect(renamed.name).toBe(`${name} two`);
    expect((await permissions.archivePermission({ permissionId, body: { isArchived: true } })).isArchived).toBe(true);
    expect((await refusal(theirKey())).httpStatus).toBe(403);
    const all = await permissions.listPermissions();
    expect(all.items.map(({ id }) => id)).toContain(permissionId);
    // Nobody gives what it doesn't have.
    const beyond = await refusal(
      theirs.permissions.createPermission({ body: { name: `${name} more`, operations: ['Keys:Delete'] } }),
    );
    expect(beyond.httpStatus).toBe(403);
  });
});
