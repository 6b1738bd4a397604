/** Keys for `POST /keys` and for wallets that bring a key of their own: made, or derived from a master. */
import { DomainError } from '@countersign/core/domain-error';
import type { KeyRecord } from '@countersign/core/key-record';
import type { Caller } from '@countersign/core/principal';
import type { Services } from '@countersign/core/services';
import { type Static, Type } from 'typebox';
import { readMemberId } from '../prefixed-id.ts';
import { IdSchema } from '../wire-values.ts';
import { readDerivationPath } from '../written-path.ts';
import { type KeyWords, wordsOfAlgorithm } from './key-words.ts';
import { newKey, VAULT_STORE_ID } from './new-key.ts';

export const DeriveFromSchema = Type.Object(
  { keyId: IdSchema, path: Type.Optional(Type.String({ maxLength: 256 })) },
  { additionalProperties: false },
);

export interface KeyWish {
  readonly words: KeyWords;
  readonly name: string | undefined;
  readonly masterKey: boolean;
  readonly storeId: string | undefined;
  readonly deriveFrom: Static<typeof DeriveFromSchema> | undefined;
}

/** @throws DomainError */
export async function makeKey(services: Services, caller: Caller, wish: KeyWish): Promise<KeyRecord> {
  if (wish.storeId !== undefined && wish.storeId !== VAULT_STORE_ID)
    throw new DomainError('invalid_request', `storeId must be one of GET /key-stores: ${VAULT_STORE_ID}`);
  if (wish.deriveFrom === undefined)
    return services.keys.generate(caller, newKey(wish.words, wish.name, wish.masterKey));
  if (wish.masterKey) throw new DomainError('invalid_request', 'a derived key is no master key; leave masterKey out');
  const parentId = readMemberId('key', 'deriveFrom.keyId', wish.deriveFrom.keyId);
  const parent = await services.keys.find(caller, { by: 'id', id: parentId });
  if (wordsOfAlgorithm(parent.algorithm) !== wish.words)
    throw new DomainError('invalid_request', "scheme and curve must be those of deriveFrom's key");
  const path = wish.deriveFrom.path === undefined ? undefined : readDerivationPath(wish.deriveFrom.path);
  return services.keys.deriveChild(caller, parentId, path, { name: wish.name, description: '', dialectAttributes: {} });
}
