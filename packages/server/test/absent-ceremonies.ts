/** For tests without threshold keys: every operation with other parties is away. */
import { DomainError } from '@countersign/core/domain-error';
import type { Ceremonies } from '@countersign/core/ports/ceremonies';

const away = (): Promise<never> => Promise.reject(new DomainError('unavailable', 'there are no other parties here'));

export const ABSENT_CEREMONIES: Ceremonies = {
  createRoom: away,
  createKey: away,
  run: away,
  derivePublicKey: away,
  exportShare: away,
  importShare: away,
  identity: away,
};
