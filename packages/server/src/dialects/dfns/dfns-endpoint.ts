/** What most calls of this API have in common: a bearer token, JSON both ways, and 200. */
import type { Governed } from '@countersign/core/governance/change-request';
import type { TSchema } from 'typebox';
import type { AuthenticatedContext, Endpoint } from '../dialect.ts';
import { jsonAnswer } from '../json-answer.ts';
import { ChangeSchema, renderChange } from './render-change.ts';

interface Facts<Result> extends Pick<Endpoint, 'method' | 'path' | 'permissions' | 'request' | 'query'> {
  readonly response: TSchema;
  readonly handle: (context: AuthenticatedContext) => Promise<Result>;
}

/** `handle` resolves with what the body says. */
export function dfnsEndpoint({ response, handle, ...facts }: Facts<unknown>): Endpoint {
  return {
    ...facts,
    authentication: 'bearer',
    responses: { 200: response },
    handle: async (context) => jsonAnswer(200, await handle(context)),
  };
}

/** A change that a policy may govern: 202 with the change request where it does. `entity` is rendered already. */
export function governedEndpoint({ response, handle, ...facts }: Facts<Governed<unknown>>): Endpoint {
  return {
    ...facts,
    authentication: 'bearer',
    responses: { 200: response, 202: ChangeSchema },
    handle: async (context) => {
      const governed = await handle(context);
      return governed.done ? jsonAnswer(200, governed.entity) : jsonAnswer(202, renderChange(governed.change));
    },
  };
}
