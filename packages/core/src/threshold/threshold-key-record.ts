import type { KeyRecord } from '../key-record.ts';
import type { ThresholdShare } from '../ports/threshold-store.ts';

/** The row among the keys, by which every dialect finds it. Its share is found by its id. */
export function keyRecordOf(share: ThresholdShare, publicKey: Uint8Array, nowMs: number): KeyRecord {
  return {
    id: share.id,
    accountId: share.accountId,
    groupId: share.groupId,
    name: share.name,
    description: '',
    algorithm: share.algorithm,
    parameters: {},
    custody: 'threshold',
    persistence: 'stored',
    publicKey,
    sealed: Buffer.from(share.id.replaceAll('-', ''), 'hex'),
    operations: ['sign', 'verify'],
    dialectAttributes: {},
    state: 'active',
    enabled: true,
    exportable: false,
    deterministicSignatures: undefined,
    allowSignDigest: true,
    // Every threshold signature is checked as it is put together.
    verifyAfterSign: false,
    createdBy: share.createdBy,
    createdAtMs: nowMs,
    activatedAtMs: nowMs,
    lastUsedAtMs: undefined,
    version: 1,
  };
}
