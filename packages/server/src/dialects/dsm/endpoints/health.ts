import { DomainError } from '@countersign/core/domain-error';
import type { Endpoint } from '../../dialect.ts';
import { NO_CONTENT } from '../answers.ts';

export const health: Endpoint = {
  method: 'GET',
  path: '/sys/v1/health',
  authentication: 'none',
  permissions: [],
  request: undefined,
  responses: { 204: undefined },
  async handle({ services }) {
    if (!(await services.canSign())) throw new DomainError('unavailable', 'the service cannot sign at the moment');
    return NO_CONTENT;
  },
};
