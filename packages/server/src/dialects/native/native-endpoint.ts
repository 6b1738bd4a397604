/** What most calls of our own API have in common: a bearer token, JSON both ways, unknown members refused. */
import type { Governed } from '@countersign/core/governance/change-request';
import type { Static, TSchema } from 'typebox';
import { createBodyReaderWith } from '../body-reader.ts';
import type { AuthenticatedContext, Endpoint, PublicContext } from '../dialect.ts';
import { jsonAnswer } from '../json-answer.ts';
import { refuseBody } from '../refuse-body.ts';
import { ChangeSchema, renderChange } from './render-change.ts';

interface Facts extends Pick<Endpoint, 'method' | 'path' | 'permissions' | 'query'> {
  readonly operation: string;
  readonly summary: string;
  readonly response: TSchema;
}

interface WithBody<Schema extends TSchema, Result> extends Facts {
  readonly request: Schema;
  readonly status?: 200 | 201;
  readonly handle: (context: AuthenticatedContext, body: Static<Schema>) => Promise<Result>;
}

interface WithoutBody<Result> extends Facts {
  readonly handle: (context: AuthenticatedContext) => Promise<Result>;
}

/** A call with a body; `handle` resolves with what the answer says. */
export function bodyEndpoint<Schema extends TSchema>(facts: WithBody<Schema, unknown>): Endpoint {
  const { response, status = 200, request, handle, ...rest } = facts;
  const read = readerOf(request);
  return {
    ...rest,
    request,
    authentication: 'bearer',
    responses: { [status]: response },
    handle: async (context) => jsonAnswer(status, await handle(context, read(context.body))),
  };
}

/** A call with a body for which nobody has to be known yet. */
export function openEndpoint<Schema extends TSchema>(
  facts: Omit<Facts, 'permissions' | 'query'> & {
    readonly request: Schema;
    readonly handle: (context: PublicContext, body: Static<Schema>) => Promise<unknown>;
  },
): Endpoint {
  const { response, request, handle, ...rest } = facts;
  const read = readerOf(request);
  return {
    ...rest,
    request,
    permissions: [],
    authentication: 'none',
    responses: { 200: response },
    handle: async (context) => jsonAnswer(200, await handle(context, read(context.body))),
  };
}

/** A call without a body, or with `{}`. */
export function plainEndpoint({ response, handle, ...rest }: WithoutBody<unknown>): Endpoint {
  return {
    ...rest,
    request: undefined,
    authentication: 'bearer',
    responses: { 200: response },
    handle: async (context) => {
      refuseBody(context.body);
      return jsonAnswer(200, await handle(context));
    },
  };
}

/** A change that a policy may govern: 202 with the change where it waits for approval. `entity` is rendered already. */
export function governedBodyEndpoint<Schema extends TSchema>(facts: WithBody<Schema, Governed<unknown>>): Endpoint {
  const { response, status = 200, request, handle, ...rest } = facts;
  const read = readerOf(request);
  return {
    ...rest,
    request,
    authentication: 'bearer',
    responses: { [status]: response, 202: ChangeSchema },
    handle: async (context) => governedAnswer(status, await handle(context, read(context.body))),
  };
}

/** As `governedBodyEndpoint`, without a body. */
export function governedEndpoint({ response, handle, ...rest }: WithoutBody<Governed<unknown>>): Endpoint {
  return {
    ...rest,
    request: undefined,
    authentication: 'bearer',
    responses: { 200: response, 202: ChangeSchema },
    handle: async (context) => {
      refuseBody(context.body);
      return governedAnswer(200, await handle(context));
    },
  };
}

/** What `governedEndpoint` takes: the entity as the answer shows it. */
export function renderGoverned<Entity>(
  governed: Governed<Entity>,
  render: (entity: Entity) => unknown,
): Governed<unknown> {
  return governed.done ? { done: true, entity: render(governed.entity) } : governed;
}

function governedAnswer(status: number, governed: Governed<unknown>): ReturnType<typeof jsonAnswer> {
  return governed.done ? jsonAnswer(status, governed.entity) : jsonAnswer(202, renderChange(governed.change));
}

function readerOf<Schema extends TSchema>(schema: Schema): (body: unknown) => Static<Schema> {
  return createBodyReaderWith(schema, (body) => body);
}
