/** Everything that goes wrong, in the shape of the dialect that owns the path. */
import { randomUUID } from 'node:crypto';
import { DomainError } from '@countersign/core/domain-error';
import type { RequestLimits } from '@countersign/core/services';
import type { FastifyRequest } from 'fastify';
import type { Answer, Dialect } from '../dialects/dialect.ts';
import { allowedMethods } from './allowed-methods.ts';
import { type HttpFault, httpFaultOf, METHOD_NOT_ALLOWED, NOT_FOUND } from './http-faults.ts';
import type { HttpLogger } from './http-logger.ts';
import { plainAnswer } from './plain-answer.ts';

export interface ErrorAnswers {
  /** For whatever a handler or a hook threw. */
  error(request: FastifyRequest, error: unknown): Answer;
  /** For a refusal of HTTP itself. */
  fault(url: string, fault: HttpFault): Answer;
  /** For a path that has no route: 404, or 405 with the methods that it has. */
  missing(url: string): Answer;
}

export function createErrorAnswers(
  limits: RequestLimits,
  ownerOf: (url: string) => Dialect | undefined,
  logger: HttpLogger | undefined,
): ErrorAnswers {
  function fault(url: string, { status, message }: HttpFault): Answer {
    return ownerOf(url)?.renderFault(status, message) ?? plainAnswer(status, message);
  }

  /** What isn't expected is logged under an id, and the caller is told the id alone. */
  function unexpected(request: FastifyRequest, error: unknown): Answer {
    const errorId = randomUUID();
    logger?.error({ err: error, errorId, method: request.method, route: request.routeOptions.url }, 'request failed');
    return fault(pathOf(request), { status: 500, message: `internal error (${errorId})` });
  }

  return {
    fault,
    error(request, error) {
      if (error instanceof DomainError) {
        const dialect = ownerOf(pathOf(request));
        if (error.code === 'internal' || dialect === undefined) return unexpected(request, error);
        if (error.code === 'unavailable')
          logger?.warn({ err: error, route: request.routeOptions.url }, 'request refused');
        return dialect.renderError(error);
      }
      const known = httpFaultOf(error, limits.maxBodyBytes);
      return known === undefined ? unexpected(request, error) : fault(pathOf(request), known);
    },
    missing(url) {
      const allowed = allowedMethods(ownerOf(url)?.endpoints ?? [], url.split('?', 1)[0] ?? '');
      if (allowed.length === 0) return fault(url, NOT_FOUND);
      const answer = fault(url, METHOD_NOT_ALLOWED);
      return { ...answer, headers: { ...answer.headers, allow: allowed.join(', ') } };
    },
  };
}

/** The pattern of the route where there is one: a path that reached it may have been written with escapes. */
function pathOf(request: FastifyRequest): string {
  return request.routeOptions.url ?? request.url;
}
