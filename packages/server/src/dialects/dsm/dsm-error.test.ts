import { DOMAIN_ERROR_CODES, DomainError } from '@countersign/core/domain-error';
import { describe, expect, it } from 'vitest';
import { renderError } from './dsm-error.ts';

describe('DSM errors', () => {
  it.each(DOMAIN_ERROR_CODES)('%s is a status and a bare sentence', (code) => {
    const answer = renderError(new DomainError(code, 'what to do'));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.contentType).toBe('text/plain; charset=utf-8');
    expect(answer.body).toMatch(/^\S[^\n]*\S$/);
  });

  it('has the sentences that clients compare', () => {
    const textOf = (code: 'session_expired' | 'approval_required' | 'internal') => {
      const { status, body } = renderError(new DomainError(code, 'a detail'));
      return [status, body];
    };
    expect(textOf('session_expired')).toEqual([401, 'Session does not exist']);
    expect(textOf('approval_required')).toEqual([403, 'This operation requires approval']);
    // Whatever went wrong inside stays inside.
    expect(textOf('internal')).toEqual([500, 'internal error']);
  });
});
