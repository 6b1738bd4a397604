import { DomainError } from '@countersign/core/domain-error';
import { renderSingle } from '../render-signatures.ts';
import { userEndpoint } from '../role-endpoint.ts';
import type { SchemeEndpoint } from '../scheme-endpoint.ts';
import { signRequests } from '../sign-requests.ts';
import { SignatureSchema, SignRequestSchema } from '../sign-schemas.ts';

/** One signature, made with the other parties in the room: a batch of one. */
export const sign: SchemeEndpoint = (scheme) =>
  userEndpoint(['sign'], {
    methods: ['POST'],
    path: `/${scheme.word}/sign`,
    request: SignRequestSchema,
    responses: { 200: SignatureSchema },
    async handle({ services, caller, body }) {
      const [result] = await signRequests(services, caller, scheme, [body]);
      if (result === undefined) throw new DomainError('internal', 'a batch of one gave no result');
      return renderSingle(result);
    },
  });
