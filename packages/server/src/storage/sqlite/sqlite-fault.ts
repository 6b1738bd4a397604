/** Which errors of SQLite mean what (https://www.sqlite.org/rescode.html). */
import { DomainError } from '@countersign/core/domain-error';

const CONSTRAINT = 19;
const UNIQUE = [2067, 1555];
/** PERM, ABORT, BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, CORRUPT, FULL, CANTOPEN, PROTOCOL, NOTADB. */
const RESOURCE = new Set([3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26]);

/** The extended result code, or undefined for another error. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  return error.errcode;
}

/** The disk, the file or a lock: the whole transaction is lost, whichever statement met it. */
export function isResourceFault(error: unknown): boolean {
  const code = resultCode(error);
  return code !== undefined && RESOURCE.has(code & 0xff);
}

export function isUniqueViolation(error: unknown): boolean {
  const code = resultCode(error);
  return code !== undefined && UNIQUE.includes(code);
}

export function isConstraintViolation(error: unknown): boolean {
  const code = resultCode(error);
  return code !== undefined && (code & 0xff) === CONSTRAINT;
}

/** The connection was closed: the store is ending. */
function isClosed(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_INVALID_STATE';
}

/** An error for callers: ours as they are, SQLite's without its words. */
export function toDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (isResourceFault(error) || isClosed(error)) return unavailable(error);
  return new DomainError('internal', 'the database refused an operation', { cause: error });
}

export function unavailable(cause?: unknown): DomainError {
  return new DomainError('unavailable', 'the database is not available at the moment; send the request again', {
    cause,
  });
}
