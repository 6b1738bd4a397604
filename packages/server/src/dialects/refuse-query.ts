import { DomainError } from '@countersign/core/domain-error';
import type { AuthenticatedContext, Endpoint, PublicContext } from './dialect.ts';

/**
 * The same endpoints, which refuse query parameters that they don't name: who sends one believes that it does something.
 * Their handlers throw DomainError `invalid_request` then.
 */
export function refuseUnknownQueries(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return endpoints.map((endpoint) => {
    if (endpoint.authentication === 'none') {
      const { handle } = endpoint;
      return { ...endpoint, handle: async (context: PublicContext) => handle(checked(context, endpoint)) };
    }
    const { handle } = endpoint;
    return { ...endpoint, handle: async (context: AuthenticatedContext) => handle(checked(context, endpoint)) };
  });
}

function checked<Context extends PublicContext>(context: Context, { query = {} }: Endpoint): Context {
  if (Object.keys(context.query).every((name) => Object.hasOwn(query, name))) return context;
  const names = Object.keys(query);
  const taken = names.length === 0 ? 'no query parameters' : `the query parameters ${names.join(', ')} and no others`;
  throw new DomainError('invalid_request', `this call takes ${taken}`);
}
