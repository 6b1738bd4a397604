/** The two kinds of caller of this API: users, who own key shares, and the administrator, who doesn't sign. */
import { DomainError } from '@countersign/core/domain-error';
import { administersAccount } from '@countersign/core/principal';
import type { Answer, AuthenticatedContext, Endpoint, Method, PublicContext } from '../dialect.ts';

interface EndpointBase extends Pick<Endpoint, 'path' | 'request' | 'responses'> {
  /** GET as published and POST beside it, for calls that make something. */
  readonly methods: readonly Method[];
}

interface AuthenticatedBase extends EndpointBase {
  readonly handle: (context: AuthenticatedContext) => Promise<Answer>;
}

/** A call that anybody may make. */
export function publicEndpoint({
  methods,
  ...facts
}: EndpointBase & { readonly handle: (context: PublicContext) => Promise<Answer> }): readonly Endpoint[] {
  return methods.map((method) => ({ ...facts, method, authentication: 'none', permissions: [] }));
}

/**
 * A call for users. The administrator's key is refused as if it were no key: it would make shares that belong to
 * nobody's machine, and it shouldn't lie about on machines that sign.
 */
export function userEndpoint(
  permissions: Endpoint['permissions'],
  { methods, handle, ...facts }: AuthenticatedBase,
): readonly Endpoint[] {
  return methods.map((method) => ({
    ...facts,
    method,
    authentication: 'api-key',
    permissions,
    async handle(context) {
      if (administersAccount(context.caller.principal))
        throw new DomainError('unauthenticated', "this is the administrator's key; send the API key of a user");
      return handle(context);
    },
  }));
}

/** A call for the administrator. A user's key is known but doesn't do. */
export function adminEndpoint({ methods, handle, ...facts }: AuthenticatedBase): readonly Endpoint[] {
  return methods.map((method) => ({
    ...facts,
    method,
    authentication: 'api-key',
    permissions: ['administer'],
    async handle(context) {
      if (!administersAccount(context.caller.principal))
        throw new DomainError('forbidden', "this call needs the administrator's key", { subject: 'administrator' });
      return handle(context);
    },
  }));
}
