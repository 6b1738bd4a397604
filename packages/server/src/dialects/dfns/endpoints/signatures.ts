/** Signature requests of a key, and the keyed function of Diffie-Hellman keys. */
import { DomainError } from '@countersign/core/domain-error';
import type { RequestResult } from '@countersign/core/requests/requests';
import type { SignatureRequest } from '@countersign/core/requests/signature-request';
import { Type } from 'typebox';
import type { Endpoint } from '../../dialect.ts';
import { parsePrefixedId, readPathId, writeId } from '../../prefixed-id.ts';
import { pageParameters, readPageQuery, readQuery, renderPage } from '../../wire-page.ts';
import { HexSchema, readHex, wireHex } from '../../wire-values.ts';
import { dfnsEndpoint } from '../dfns-endpoint.ts';
import { createBodyReader } from '../read-body.ts';
import { readSignatureRequest, SignatureRequestSchema } from '../read-signature-request.ts';
import { isShown } from '../render-key.ts';
import { renderRequest, SignatureRequestResponseSchema } from '../render-request.ts';

const DEFAULT_LIMIT = 100;
const PageSchema = Type.Object({
  items: Type.Array(SignatureRequestResponseSchema),
  nextPageToken: Type.Optional(Type.String()),
});

const createSignature = dfnsEndpoint({
  method: 'POST',
  path: '/keys/:keyId/signatures',
  permissions: ['sign'],
  request: SignatureRequestSchema,
  response: SignatureRequestResponseSchema,
  async handle({ services, caller, params, body, raw }) {
    const key = await services.keys.find(caller, { by: 'id', id: readPathId('key', params['keyId']) });
    if (!isShown(key)) throw new DomainError('not_found', 'no such key', { subject: 'key' });
    const item = readSignatureRequest(body, raw, key, undefined);
    return renderRequest(onlyResult(await services.requests.create(caller, [{ ok: true, item }])));
  },
});

const getSignature = dfnsEndpoint({
  method: 'GET',
  path: '/keys/:keyId/signatures/:signatureId',
  permissions: ['read-requests'],
  request: undefined,
  response: SignatureRequestResponseSchema,
  async handle({ services, caller, params }) {
    const keyId = readPathId('key', params['keyId']);
    const request = await services.requests.get(caller, readPathId('sig', params['signatureId']));
    if (request.keyId !== keyId) throw new DomainError('not_found', 'no such request', { subject: 'request' });
    return renderRequest(request);
  },
});

const listSignatures = dfnsEndpoint({
  method: 'GET',
  path: '/keys/:keyId/signatures',
  permissions: [],
  request: undefined,
  query: pageParameters(),
  response: PageSchema,
  async handle({ services, caller, params, query }) {
    const key = await services.keys.find(caller, { by: 'id', id: readPathId('key', params['keyId']) });
    const page = readPageQuery(readQuery(query, ['limit', 'paginationToken']), DEFAULT_LIMIT, (text) =>
      parsePrefixedId('sig', text),
    );
    return renderPage(await services.requests.list(caller, { ...page, keyId: key.id }), renderRequest, ({ id }) =>
      writeId('sig', id),
    );
  },
});

const DeriveSchema = Type.Object(
  { domain: Type.String({ maxLength: 1024 }), seed: Type.String({ maxLength: 4096 }) },
  { additionalProperties: false },
);
const readDerive = createBodyReader(DeriveSchema);

/** Takes the path of every signature; what comes out is a keyed function of domain and seed. */
const derive = dfnsEndpoint({
  method: 'POST',
  path: '/keys/:keyId/derive',
  permissions: ['derive'],
  request: DeriveSchema,
  response: Type.Object({ output: HexSchema }),
  async handle({ services, caller, params, body }) {
    const request = readDerive(body);
    const domain = readHex('domain', request.domain);
    const bytes = readHex('seed', request.seed);
    const key = { by: 'id', id: readPathId('key', params['keyId']) } as const;
    const payload = { kind: 'message', bytes, digest: undefined } as const;
    const [result] = await services.signBatch(caller, [{ ok: true, item: { key, payload, options: { domain } } }]);
    switch (result?.outcome) {
      case 'signed':
        return { output: wireHex(result.signature) };
      case 'pending':
        throw new DomainError('approval_required', 'a policy asks for approval; derivations cannot wait for one');
      case 'denied':
      case 'failed':
        throw new DomainError(result.code, result.reason);
      case undefined:
        throw new DomainError('internal', 'no result');
    }
  },
});

export const SIGNATURE_ENDPOINTS: readonly Endpoint[] = [createSignature, getSignature, listSignatures, derive];

/** Of a batch of one. @throws DomainError */
export function onlyResult([result]: readonly RequestResult[]): SignatureRequest {
  if (result === undefined) throw new DomainError('internal', 'no result');
  if (!result.ok) throw result.error;
  return result.request;
}
