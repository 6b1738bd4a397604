/** Stored signature requests: made one or many at a time, waited for, withdrawn, confirmed. */
import { DomainError } from '@countersign/core/domain-error';
import type { NewSignatureRequest } from '@countersign/core/requests/requests';
import { REQUEST_STATUSES, type RequestStatus } from '@countersign/core/requests/signature-request';
import { type Static, Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { jsonAnswer } from '../../json-answer.ts';
import { readMemberId, readPathId, writeId } from '../../prefixed-id.ts';
import { readQuery } from '../../wire-page.ts';
import { IdSchema } from '../../wire-values.ts';
import { RequestItemSchema } from '../item-schemas.ts';
import { bodyEndpoint, plainEndpoint } from '../native-endpoint.ts';
import { objectIdMember } from '../native-error.ts';
import { pageParameters, pageSchema, readPage, writePage } from '../page.ts';
import { createItemReader, readContent, readKeyReference } from '../read-item.ts';
import { readItems } from '../read-items.ts';
import { RequestSchema, renderRequest } from '../render-request.ts';

const REQUEST = '/api/v1/requests/:requestId';
const MAX_WAIT_SECONDS = 60;
const MS_PER_SECOND = 1000;

const readRequestItem = createItemReader(
  RequestItemSchema,
  (item: Static<typeof RequestItemSchema>): NewSignatureRequest => {
    const { walletId, externalId, ...content } = item;
    return {
      key: readKeyReference(item),
      walletId: walletId === undefined ? undefined : readMemberId('wa', 'walletId', walletId),
      content: readContent(content),
      body: JSON.stringify(item),
      externalId,
    };
  },
);

const createRequests: Endpoint = {
  method: 'POST',
  path: '/api/v1/requests',
  operation: 'createRequests',
  summary: 'Stores signature requests and signs those that policy allows at once.',
  authentication: 'bearer',
  permissions: ['sign'],
  request: Type.Object({ items: Type.Array(RequestItemSchema) }),
  responses: {
    200: Type.Object({
      results: Type.Array(
        Type.Object({
          request: Type.Optional(RequestSchema),
          error: Type.Optional(
            Type.Object({ code: Type.String(), message: Type.String(), objectId: Type.Optional(Type.String()) }),
          ),
        }),
      ),
    }),
  },
  async handle({ services, caller, body, limits }) {
    const items = readItems(body, limits.maxBatchItems).map(readRequestItem);
    const results = await services.requests.create(caller, items);
    return jsonAnswer(200, {
      results: results.map((result) =>
        result.ok ? { request: renderRequest(result.request) } : { error: renderItemError(result.error) },
      ),
    });
  },
};

function renderItemError(error: DomainError): Readonly<Record<string, unknown>> {
  const { code, message } = error;
  return { code, message: code === 'internal' ? 'internal error' : message, ...objectIdMember(error) };
}

const requestParameters = { keyId: IdSchema, walletId: IdSchema, status: Type.Enum([...REQUEST_STATUSES]) };

const listRequests = plainEndpoint({
  method: 'GET',
  path: '/api/v1/requests',
  operation: 'listRequests',
  summary: 'Signature requests, newest first.',
  permissions: [],
  query: pageParameters(requestParameters),
  response: pageSchema(RequestSchema),
  async handle({ services, caller, query }) {
    const { page, parameters } = readPage(query, 'sig', requestParameters);
    const { keyId, walletId } = parameters;
    const status = readStatus(parameters.status);
    const found = await services.requests.list(caller, {
      ...page,
      ...(keyId !== undefined && { keyId: readMemberId('key', 'keyId', keyId) }),
      ...(walletId !== undefined && { walletId: readMemberId('wa', 'walletId', walletId) }),
      ...(status !== undefined && { status }),
    });
    return writePage(found, renderRequest, ({ id }) => writeId('sig', id));
  },
});

function readStatus(text: string | undefined): RequestStatus | undefined {
  if (text === undefined) return undefined;
  const status = REQUEST_STATUSES.find((known) => known === text);
  if (status === undefined)
    throw new DomainError('invalid_request', `status must be one of ${REQUEST_STATUSES.join(', ')}`);
  return status;
}

/** With `wait`, the answer comes when the request is final, or after so many seconds as it then is. */
const getRequest = plainEndpoint({
  method: 'GET',
  path: REQUEST,
  operation: 'getRequest',
  summary: 'A signature request; with `wait`, once it is final.',
  permissions: ['read-requests'],
  query: { wait: Type.Integer({ minimum: 0, maximum: MAX_WAIT_SECONDS }) },
  response: RequestSchema,
  async handle({ services, caller, params, query }) {
    const id = readPathId('sig', params['requestId']);
    const { wait } = readQuery(query, ['wait']);
    if (wait === undefined) return renderRequest(await services.requests.get(caller, id));
    const seconds = /^\d{1,2}$/.test(wait) ? Number(wait) : Number.NaN;
    if (!(seconds <= MAX_WAIT_SECONDS))
      throw new DomainError('invalid_request', `wait must be a number of seconds, at most ${MAX_WAIT_SECONDS}`);
    return renderRequest(await services.requests.waitFor(caller, id, seconds * MS_PER_SECOND));
  },
});

const cancelRequest = plainEndpoint({
  method: 'POST',
  path: `${REQUEST}/cancel`,
  operation: 'cancelRequest',
  summary: 'Withdraws a request that waits.',
  permissions: ['read-requests'],
  response: RequestSchema,
  handle: async ({ services, caller, params }) =>
    renderRequest(await services.requests.cancel(caller, readPathId('sig', params['requestId']))),
});

const Line = Type.String({ minLength: 1, maxLength: 128, pattern: '^[^\\u0000-\\u001f\\u007f]+$' });
const ConfirmationSchema = Type.Object(
  { transactionHash: Line, network: Type.Optional(Line), fee: Type.Optional(Line) },
  { additionalProperties: false },
);

const confirmRequest = bodyEndpoint({
  method: 'POST',
  path: `${REQUEST}/confirmation`,
  operation: 'confirmRequest',
  summary: 'Reports the transaction of a signed request.',
  permissions: ['confirm-request', 'read-requests'],
  request: ConfirmationSchema,
  response: RequestSchema,
  handle: async ({ services, caller, params }, { transactionHash, network, fee }) =>
    renderRequest(
      await services.requests.confirm(caller, readPathId('sig', params['requestId']), {
        transactionHash,
        network,
        fee,
      }),
    ),
});

export const REQUEST_ENDPOINTS: readonly Endpoint[] = [
  createRequests,
  listRequests,
  getRequest,
  cancelRequest,
  confirmRequest,
];
