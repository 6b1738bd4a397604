import { Type } from 'typebox';
import { publicEndpoint } from '../role-endpoint.ts';

/** The key that verifies this server's questions to rule servers, as bare PEM. */
export const identityPubkey = publicEndpoint({
  methods: ['GET'],
  path: '/identity-pubkey',
  request: undefined,
  responses: { 200: Type.String({ pattern: '^-----BEGIN PUBLIC KEY-----\\n' }) },
  async handle({ services }) {
    const pem = await services.threshold.identityPublicKey();
    return { status: 200, contentType: 'text/plain; charset=utf-8', body: pem };
  },
});
