/** Events of webhooks on this wire. Signature events go by the wallet's name, also for a key without one. */
import { DomainError } from '@countersign/core/domain-error';
import type { EventKind } from '@countersign/core/webhooks/webhook';

const WORDS: Readonly<Record<EventKind, string>> = {
  'key-created': 'key.created',
  'key-deleted': 'key.deleted',
  'key-delegated': 'key.delegated',
  'key-exported': 'key.exported',
  'request-created': 'wallet.signature.requested',
  'request-signed': 'wallet.signature.signed',
  'request-confirmed': 'wallet.signature.confirmed',
  'request-failed': 'wallet.signature.failed',
  'request-rejected': 'wallet.signature.rejected',
  'policy-triggered': 'policy.triggered',
  'approval-pending': 'policy.approval.pending',
  'approval-resolved': 'policy.approval.resolved',
};

/** `["*"]` is every event. @throws DomainError `invalid_request` that lists the words */
export function readEvents(words: readonly string[]): 'all' | readonly EventKind[] {
  if (words.includes('*')) return 'all';
  return words.map((word) => {
    const kind = (Object.keys(WORDS) as EventKind[]).find((key) => WORDS[key] === word);
    if (kind === undefined)
      throw new DomainError('invalid_request', `events must be "*" or of ${Object.values(WORDS).join(', ')}`);
    return kind;
  });
}

export function writeEvents(events: 'all' | readonly EventKind[]): readonly string[] {
  return events === 'all' ? ['*'] : events.map(writeEvent);
}

export function writeEvent(kind: EventKind): string {
  return WORDS[kind];
}
