import { DOMAIN_ERROR_CODES } from '@countersign/core/domain-error';
import type { ApprovalId, RequestId } from '@countersign/core/ids';
import type { KeyRecord } from '@countersign/core/key-record';
import type { SigningResult, VerificationResult } from '@countersign/core/signing-item';
import fc from 'fast-check';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { renderBatch, renderSingle } from './render-results.ts';
import { BatchSignResponseSchema, BatchVerifyResponseSchema } from './sign-schemas.ts';

/** The two members that rendering looks at. */
const keyOf = (id: string, persistence: KeyRecord['persistence']): KeyRecord => ({ id, persistence }) as KeyRecord;
const key = fc
  .tuple(fc.uuid(), fc.constantFrom('stored', 'transient', 'inline'))
  .map(([id, persistence]) => keyOf(id, persistence));
const refusal = fc.record({
  outcome: fc.constantFrom('denied', 'failed'),
  code: fc.constantFrom(...DOMAIN_ERROR_CODES),
  // Reasons are ours, but a quote or a control character in one must not break the array.
  reason: fc.string({ minLength: 1, unit: 'binary' }),
});
const signing: fc.Arbitrary<SigningResult> = fc.oneof(
  fc.record({ outcome: fc.constant('signed'), key, signature: fc.uint8Array({ maxLength: 100 }) }),
  fc.record({
    outcome: fc.constant('pending'),
    approvalId: fc.uuid().map((id) => id as ApprovalId),
    requestId: fc.uuid().map((id) => id as RequestId),
  }),
  refusal,
);
const verification: fc.Arbitrary<VerificationResult> = fc.oneof(
  fc.record({ outcome: fc.constant('checked'), key, valid: fc.boolean() }),
  refusal,
);

describe('rendering results', () => {
  it('gives every result of a batch its place, and the answer that it has alone', () => {
    const schemas = [
      [signing, BatchSignResponseSchema],
      [verification, BatchVerifyResponseSchema],
    ] as const;
    for (const [results, schema] of schemas)
      fc.assert(
        fc.property(fc.array<SigningResult | VerificationResult>(results), (list) => {
          const items: unknown = JSON.parse(String(renderBatch(list).body));
          expect(Value.Errors(schema, items)).toEqual([]);
          const alone = list.map((result) => {
            const { status, body } = renderSingle(result);
            return status === 200 ? { status, body: JSON.parse(String(body)) as unknown } : { status, error: body };
          });
          expect(items).toEqual(alone);
        }),
      );
  });

  it('names stored keys only, and keeps runs of different keys apart', () => {
    const signature = new Uint8Array([1]);
    const [first, second] = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002'];
    const results = [
      keyOf(first, 'stored'),
      keyOf(first, 'transient'),
      keyOf(second, 'stored'),
      keyOf(first, 'stored'),
    ].map((of): SigningResult => ({ outcome: 'signed', key: of, signature }));
    const items = JSON.parse(String(renderBatch(results).body)) as { body: { kid?: string } }[];
    expect(items.map(({ body }) => body.kid)).toEqual([first, undefined, second, first]);
  });
});
