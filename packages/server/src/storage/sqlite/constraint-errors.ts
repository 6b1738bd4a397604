import { DomainError, type ErrorSubject } from '@countersign/core/domain-error';
import { isConstraintViolation, isUniqueViolation } from './sqlite-fault.ts';

/**
 * Runs a write whose rows have one thing that can be taken, named by `subject`. For use inside a transaction.
 * @throws DomainError `conflict` with the subject, `not_found` where a row that it refers to is missing
 */
export function asDomainErrors<T>(subject: ErrorSubject, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isUniqueViolation(error))
      throw new DomainError('conflict', 'it exists already, or its name is taken', { cause: error, subject });
    if (isConstraintViolation(error))
      throw new DomainError('not_found', 'what it belongs to does not exist', { cause: error });
    throw error;
  }
}
