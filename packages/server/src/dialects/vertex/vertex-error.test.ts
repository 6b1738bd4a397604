import { DOMAIN_ERROR_CODES, DomainError, ERROR_SUBJECTS } from '@countersign/core/domain-error';
import { Value } from 'typebox/value';
import { describe, expect, it } from 'vitest';
import { ERR_TYPES, ErrorSchema, renderError, renderFault, wireError } from './vertex-error.ts';

const bodyOf = (body: unknown): unknown => JSON.parse(String(body));

describe('Vertex errors', () => {
  it('are 22 words for what a request can do wrong, and one for each other status', () => {
    expect(Object.values(ERR_TYPES).filter((status) => status === 400)).toHaveLength(22);
    expect(Object.values(ERR_TYPES).filter((status) => status !== 400)).toEqual([401, 404, 500]);
  });

  it.each(DOMAIN_ERROR_CODES)('%s has the shape and the status of its word under every subject', (code) => {
    for (const subject of [undefined, ...ERROR_SUBJECTS]) {
      const error = new DomainError(code, 'what to do', subject === undefined ? {} : { subject });
      const { status, contentType, body } = renderError(error);
      expect(contentType).toBe('application/json');
      expect(Value.Check(ErrorSchema, bodyOf(body))).toBe(true);
      expect(status).toBe(ERR_TYPES[wireError(code, '', subject).errType]);
    }
  });

  it('can say each of the words', () => {
    const said = new Set(
      DOMAIN_ERROR_CODES.flatMap((code) =>
        [undefined, ...ERROR_SUBJECTS].map((subject) => wireError(code, '', subject).errType as string),
      ),
    );
    // A path that isn't there never reaches the domain.
    expect([...said, 'not_found'].sort()).toEqual(Object.keys(ERR_TYPES).sort());
  });

  it('never tell more of a fault inside than that there was one', () => {
    for (const subject of [undefined, ...ERROR_SUBJECTS])
      expect(wireError('internal', 'a secret', subject)).toEqual({
        errType: 'internal_problem',
        errMsg: 'internal error',
      });
  });

  it('keep who may not apart from what is not there, whatever it is about', () => {
    for (const subject of ERROR_SUBJECTS) {
      expect(wireError('unauthenticated', '', subject).errType).toBe('access_denied');
      expect(wireError('denied_by_policy', '', subject).errType).toBe('policy_validation_failed');
      expect(wireError('ceremony_failed', '', subject).errType).toBe('executor_result');
    }
  });

  it.each([
    [400, 400, 'bad_request_params'],
    [401, 401, 'access_denied'],
    [404, 404, 'not_found'],
    [405, 404, 'not_found'],
    [408, 400, 'bad_request_params'],
    [413, 400, 'bad_request_params'],
    [414, 400, 'bad_request_params'],
    [415, 400, 'bad_request_params'],
    [431, 400, 'bad_request_params'],
    [500, 500, 'internal_problem'],
    [503, 500, 'internal_problem'],
  ])('answer a %i of HTTP with %i %s', (status, answered, errType) => {
    const answer = renderFault(status, 'what to do');
    expect([answer.status, bodyOf(answer.body)]).toEqual([answered, { err_type: errType, err_msg: 'what to do' }]);
  });
});
