import type { ApprovalId, KeyId, RequestId } from '@countersign/core/ids';
import type { KeyStore } from '@countersign/core/ports/directory';
import type { GovernanceStore } from '@countersign/core/ports/governance-store';
import type { RequestStore } from '@countersign/core/ports/request-store';
import type { DomainEvent } from '@countersign/core/webhooks/webhook';
import type { EventFacts } from '../dialects/webhook-format.ts';

/** Where events find what they are about. */
export interface FactStores {
  readonly keys: Pick<KeyStore, 'resolve'>;
  readonly requests: Pick<RequestStore, 'find' | 'findApproval'>;
  readonly governance: Pick<GovernanceStore, 'findChange'>;
}

/** Looks an event's object up when the event is sent: a retry tells of it as it is then. */
export function eventFactsFrom({
  keys,
  requests,
  governance,
}: FactStores): (event: DomainEvent) => Promise<EventFacts> {
  return async ({ kind, accountId, entityId }) => {
    switch (kind) {
      case 'key-created':
      case 'key-deleted':
      case 'key-delegated':
      case 'key-exported': {
        const [key] = await keys.resolve(accountId, [{ by: 'id', id: entityId as KeyId }]);
        return key === undefined ? {} : { key };
      }
      case 'request-created':
      case 'request-signed':
      case 'request-confirmed':
      case 'request-failed':
      case 'request-rejected': {
        const request = await requests.find(accountId, entityId as RequestId);
        return request === undefined ? {} : { request };
      }
      case 'policy-triggered':
      case 'approval-pending':
      case 'approval-resolved': {
        const approval = await requests.findApproval(accountId, entityId as ApprovalId);
        if (approval === undefined) return {};
        const { subject } = approval;
        if (subject.kind === 'change') {
          const change = await governance.findChange(accountId, subject.changeId);
          return change === undefined ? { approval } : { approval, change };
        }
        const request = await requests.find(accountId, subject.requestId);
        return request === undefined ? { approval } : { approval, request };
      }
    }
  };
}
