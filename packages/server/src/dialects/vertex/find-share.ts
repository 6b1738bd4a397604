import { DomainError } from '@countersign/core/domain-error';
import type { ThresholdShare } from '@countersign/core/ports/threshold-store';
import type { Caller } from '@countersign/core/principal';
import type { Services } from '@countersign/core/services';
import type { KeyReference } from '@countersign/core/signing-item';
import type { VertexScheme } from './scheme.ts';

/**
 * The share that a call of this scheme means. A key of another scheme is as unknown there as somebody else's: a call
 * must not do with it what its path doesn't say.
 * @throws DomainError `not_found`
 */
export async function findShare(
  services: Services,
  caller: Caller,
  scheme: VertexScheme,
  key: KeyReference,
): Promise<ThresholdShare> {
  const share = await services.threshold.find(caller, key);
  if (share.algorithm !== scheme.algorithm)
    throw new DomainError('not_found', `no such ${scheme.word} key`, { subject: 'key' });
  return share;
}

/** The same as a reference, for the command that follows. @throws DomainError `not_found` */
export async function findKey(
  services: Services,
  caller: Caller,
  scheme: VertexScheme,
  key: KeyReference,
): Promise<KeyReference> {
  return { by: 'id', id: (await findShare(services, caller, scheme, key)).id };
}
