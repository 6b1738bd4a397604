/** Key shares in the administrator's lists. */
import type { KeyId, PrincipalId } from '@countersign/core/ids';
import type { ThresholdShare } from '@countersign/core/ports/threshold-store';
import type { Caller } from '@countersign/core/principal';
import type { Services } from '@countersign/core/services';
import { Type } from 'typebox';
import { checkComplete, entriesToRead, type Page } from './read-page.ts';
import { KEY_TYPES, NOT_GENERATED_KEY_TYPE, SCHEMES } from './scheme.ts';

export const KeyEntrySchema = Type.Object(
  {
    key_id: Type.String({ format: 'uuid' }),
    key_name: Type.Optional(Type.String()),
    type: Type.Union(KEY_TYPES.map((type) => Type.Literal(type))),
  },
  { additionalProperties: false },
);

export interface KeyEntry {
  readonly userId: PrincipalId;
  readonly wire: { readonly key_id: KeyId; readonly key_name?: string; readonly type: string };
}

const SHARES_PER_READ = 200;

/**
 * The account's shares in order of id, those of one user where `of` is given. Only what is answered is kept: a share
 * itself may have hundreds of kilobytes.
 * @throws DomainError `too_large` for a list that has to be asked for in pages
 */
export async function listKeys(
  services: Services,
  caller: Caller,
  page: Page<KeyId>,
  of?: PrincipalId,
): Promise<readonly KeyEntry[]> {
  const wanted = entriesToRead(page);
  const entries: KeyEntry[] = [];
  for (let after = page.after; entries.length < wanted; ) {
    const shares = await services.threshold.listAll(caller, { after, limit: SHARES_PER_READ });
    for (const share of shares)
      if (entries.length < wanted && (of === undefined || share.createdBy === of)) entries.push(entryOf(share));
    after = shares.at(-1)?.id;
    if (after === undefined) break;
  }
  checkComplete(entries);
  return entries;
}

function entryOf({ id, name, createdBy, status, algorithm }: ThresholdShare): KeyEntry {
  const generated = status === 'complete' || status === 'superseded';
  const scheme = SCHEMES.find((candidate) => candidate.algorithm === algorithm);
  const type = generated && scheme !== undefined ? scheme.keyType : NOT_GENERATED_KEY_TYPE;
  return { userId: createdBy, wire: { key_id: id, ...(name !== undefined && { key_name: name }), type } };
}
