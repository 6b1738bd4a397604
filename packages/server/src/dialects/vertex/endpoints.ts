import type { Endpoint } from '../dialect.ts';
import { ADMIN_ENDPOINTS } from './admin-endpoints.ts';
import { createRoom } from './endpoints/create-room.ts';
import { identityPubkey } from './endpoints/identity-pubkey.ts';
import { persistentKeygenId } from './endpoints/persistent-keygen-id.ts';
import { version } from './endpoints/version.ts';
import { SCHEMES } from './scheme.ts';
import { SCHEME_ENDPOINTS } from './scheme-endpoints.ts';
import { UNSUPPORTED_ENDPOINTS } from './unsupported-endpoints.ts';

/** Every call: those of each scheme, those of the administrator, and the few beside them. */
export const ENDPOINTS: readonly Endpoint[] = [
  ...createRoom,
  ...SCHEMES.flatMap((scheme) => SCHEME_ENDPOINTS.flatMap((endpoint) => endpoint(scheme))),
  ...UNSUPPORTED_ENDPOINTS,
  ...ADMIN_ENDPOINTS,
  ...identityPubkey,
  ...persistentKeygenId,
  ...version,
];
