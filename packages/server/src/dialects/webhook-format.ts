/** How a dialect writes the events that it sends. */
import type { Approval } from '@countersign/core/governance/approval';
import type { ChangeRequest } from '@countersign/core/governance/change-request';
import type { KeyRecord } from '@countersign/core/key-record';
import type { SignatureRequest } from '@countersign/core/requests/signature-request';
import type { DomainEvent, WebhookDelivery } from '@countersign/core/webhooks/webhook';

/** What an event is about, as it is when the event is sent; a deleted key isn't there any more. */
export interface EventFacts {
  readonly key?: KeyRecord;
  readonly request?: SignatureRequest;
  readonly approval?: Approval;
  readonly change?: ChangeRequest;
}

export interface EventToWrite {
  readonly delivery: Pick<WebhookDelivery, 'id' | 'attempt' | 'retryOf'>;
  /** Undefined for a ping. */
  readonly event: DomainEvent | undefined;
  readonly facts: EventFacts;
  /** When it is sent. */
  readonly atMs: number;
}

export interface WebhookFormat {
  /** In lower case. Its value is `sha256=` and the HMAC-SHA256 of the body in hexadecimal. */
  readonly signatureHeader: string;
  /** Plain JSON whose members keep their order when it is parsed and written again. */
  readonly render: (event: EventToWrite) => Readonly<Record<string, unknown>>;
}
