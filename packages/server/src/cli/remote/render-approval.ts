import type { Approval } from '@countersign/client/governance';
import { columns, printable } from './printable.ts';
import { requestMeaning } from './render-request.ts';

/** Everything that a decision commits to, and why it is asked for. */
export function approvalText(approval: Approval): string {
  const { request, change } = approval;
  const facts: (readonly [string, string | undefined])[] = [
    ['id', approval.id],
    ['status', approval.status],
    ['about', `${approval.activity}, asked for by ${approval.initiatorId}`],
    ['request', request && `${request.id} with key ${request.keyId}`],
    ['change', change && `${change.id}: ${change.operation} ${change.kind} ${change.entityId}`],
    ['digest', approval.digest],
    ['made', approval.createdAt],
    ['expires', approval.expiresAt],
  ];
  const lines = [
    ...(request === undefined ? [] : requestMeaning(request)),
    ...(change === undefined ? [] : [printable(JSON.stringify(change.body))]),
  ];
  return [
    columns(facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    'It would do this:\n',
    ...lines.map((line) => `  ${line}\n`),
    'Asked for by:\n',
    ...approval.evaluations
      .filter(({ triggered }) => triggered)
      .map(({ policyId, reason }) => `  ${policyId}: ${printable(reason)}\n`),
    'Needed:\n',
    ...approval.groups.map((group) => `  ${groupLine(group)}\n`),
    ...(approval.decisions.length === 0 ? [] : ['Said so far:\n']),
    ...approval.decisions.map((decision) => `  ${decisionLine(decision)}\n`),
  ].join('');
}

function groupLine({ name, quorum, approvers, signedOnly }: Approval['groups'][number]): string {
  const who = approvers === 'anyone' ? 'anyone who may approve' : approvers.join(', ');
  return printable(
    `${name === undefined ? '' : `${name}: `}${quorum} of ${who}${signedOnly ? ', with a credential' : ''}`,
  );
}

function decisionLine({ userId, value, reason, at, evidence }: Approval['decisions'][number]): string {
  return printable(`${at} ${userId} ${value} (${evidence})${reason === undefined ? '' : `: ${reason}`}`);
}

export const APPROVAL_HEADINGS: readonly string[] = ['ID', 'ABOUT', 'MADE', 'EXPIRES', 'WHAT'];

export function approvalRow({ id, activity, createdAt, expiresAt, request, change }: Approval): readonly string[] {
  const [first = ''] = request === undefined ? [] : requestMeaning(request);
  const what = change === undefined ? first : `${change.operation} ${change.kind}`;
  return [id, activity, createdAt, expiresAt ?? 'never', what.slice(0, 60)];
}
