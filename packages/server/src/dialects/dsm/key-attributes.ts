/** What DSM lets a key carry that the core gives no meaning: kept in the record, read back unchanged. */
import type { KeyRecord } from '@countersign/core/key-record';

export interface DsmKeyAttributes {
  readonly keyOps: readonly string[];
  readonly creator: 'app' | 'user';
  readonly customMetadata: Readonly<Record<string, string>>;
  /** RSA: as given, or undefined for DSM's default. */
  readonly encryptionPolicy: readonly unknown[] | undefined;
  /** The key was asked for under the older name of its type, whose clients look for the older option object. */
  readonly mlDsaBeta: boolean;
}

const MEMBER = 'dsm';

export function toDialectAttributes(attributes: DsmKeyAttributes): KeyRecord['dialectAttributes'] {
  return { [MEMBER]: attributes };
}

/** Undefined for a key that another dialect made. */
export function dsmAttributesOf(key: KeyRecord): DsmKeyAttributes | undefined {
  // Only this file writes the member.
  return key.dialectAttributes[MEMBER] as DsmKeyAttributes | undefined;
}
