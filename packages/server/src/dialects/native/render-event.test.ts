import { type ApprovalId, type KeyId, newId, newOrderedId, type RequestId } from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import { type DomainEvent, EVENT_KINDS } from '@countersign/core/webhooks/webhook';
import { Value } from 'typebox/value';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DsmService, startDsmService } from '../../../test/dsm-service.ts';
import { nativeClient } from '../../../test/native-client.ts';
import { parsePrefixedId, writeId } from '../prefixed-id.ts';
import { webhookFormat, writeEntityId } from './render-event.ts';
import { KeySchema } from './render-key.ts';

const delivery = { id: newOrderedId(), attempt: 2, retryOf: newOrderedId() } as never;
const atMs = Date.UTC(2026, 0, 1);

describe('events of our own API', () => {
  let service: DsmService;
  let key: KeyRecord;
  beforeAll(async () => {
    service = await startDsmService();
    const call = nativeClient(service.server, service.apiKey);
    const made = await call('createKey', { body: { algorithm: 'ed25519' } });
    const id = parsePrefixedId('key', made.body.id) ?? newId<KeyId>();
    const [found] = await service.store.keys.resolve(service.accountId, [{ by: 'id', id }]);
    if (found === undefined) throw new Error('no key');
    key = found;
  });
  afterAll(() => service.close());

  const event = (kind: DomainEvent['kind'], entityId: string): DomainEvent => ({
    kind,
    accountId: service.accountId,
    entityId,
    atMs: atMs - 1000,
  });

  it('tell of a key as it is, and keep their text when it is parsed and written again', () => {
    const sent = webhookFormat.render({ delivery, event: event('key-created', key.id), facts: { key }, atMs });
    expect(sent).toMatchObject({
      kind: 'key-created',
      at: '2025-12-31T23:59:59.000Z',
      sentAt: '2026-01-01T00:00:00.000Z',
      attempt: 2,
      entityId: writeId('key', key.id),
      retryOf: expect.stringMatching(/^whe-/),
    });
    expect(Value.Errors(KeySchema, sent['key'])).toEqual([]);
    const text = JSON.stringify(sent);
    expect(JSON.stringify(JSON.parse(text))).toBe(text);
    expect(text).not.toContain('sealed');
  });

  it('of a key that is gone have its id alone, and a ping has nothing', () => {
    const gone = webhookFormat.render({ delivery, event: event('key-deleted', key.id), facts: {}, atMs });
    expect(Object.keys(gone)).toEqual(['id', 'kind', 'at', 'sentAt', 'attempt', 'retryOf', 'entityId']);
    const ping = webhookFormat.render({ delivery, event: undefined, facts: {}, atMs });
    expect(ping).toMatchObject({ kind: 'ping', at: '2026-01-01T00:00:00.000Z' });
    expect(ping).not.toHaveProperty('entityId');
  });

  it('name what they are about by an id of its kind', () => {
    const id = newId();
    const prefixes = EVENT_KINDS.map((kind) => writeEntityId({ kind, entityId: id }).split('-', 1)[0]);
    expect(prefixes).toEqual([...Array(4).fill('key'), ...Array(5).fill('sig'), ...Array(3).fill('ap')]);
    expect(writeEntityId({ kind: 'request-signed', entityId: id })).toBe(writeId('sig', id as unknown as RequestId));
    expect(writeEntityId({ kind: 'policy-triggered', entityId: id })).toBe(writeId('ap', id as unknown as ApprovalId));
  });
});
