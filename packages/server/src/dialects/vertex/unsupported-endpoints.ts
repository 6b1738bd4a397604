/** Groups of the reference that aren't built: every call of theirs is there and says so. */
import { DomainError } from '@countersign/core/domain-error';
import type { Endpoint } from '../dialect.ts';
import { userEndpoint } from './role-endpoint.ts';
import { SCHEMES } from './scheme.ts';
import { SCHEME_ENDPOINTS } from './scheme-endpoints.ts';

const INSTEAD = SCHEMES.map(({ word }) => word).join(' and ');

/** The calls of the ecdsa group have the paths of every scheme's. */
const ECDSA = SCHEME_ENDPOINTS.flatMap((endpoint) =>
  endpoint({ word: 'ecdsa', algorithm: 'ed25519', keyType: 'Ecdsa', taproot: false }),
).flatMap(({ method, path }) => unsupported(method, path, `ecdsa is not supported yet; ${INSTEAD} are`));

const NO_HMAC = 'threshold HMAC is not supported yet';

export const UNSUPPORTED_ENDPOINTS: readonly Endpoint[] = [
  ...ECDSA,
  ...unsupported('POST', '/hmac-sha256/sign', NO_HMAC),
  ...unsupported('POST', '/cluster/hmac-sha256/import-secret-share', NO_HMAC),
];

function unsupported(method: Endpoint['method'], path: string, reason: string): readonly Endpoint[] {
  return userEndpoint([], {
    methods: [method],
    path,
    request: undefined,
    responses: {},
    handle: () => Promise.reject(new DomainError('not_supported', reason)),
  });
}
