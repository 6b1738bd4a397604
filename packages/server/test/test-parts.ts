import type { ServiceParts } from '../src/compose-services.ts';
import { renderTokenClaims } from '../src/dialects/dfns/token-claims.ts';

/** Parts of a service under test that most tests don't ask about: no prices, no passkeys, nothing sent outside. */
export const QUIET_PARTS: Omit<ServiceParts, 'store' | 'custodies' | 'verifier' | 'threshold'> = {
  external: undefined,
  passkeys: {
    relyingParty: { id: 'localhost', name: 'Countersign' },
    verifyAttestation: () => Promise.resolve(undefined),
    verifyAssertion: () => Promise.resolve(undefined),
  },
  prices: { valueUsdMicros: () => undefined },
  webhookSender: {
    refuseUrl: () => undefined,
    send: () => Promise.resolve({ delivered: false, status: 'failed', error: 'nothing is sent here', body: '{}' }),
  },
  renderClaims: renderTokenClaims,
  decoyKey: new Uint8Array(32),
  refuseUrl: () => undefined,
  now: Date.now,
  sessionSeconds: 600,
  allowInlineSign: false,
  observeSigning: () => {},
  observeVerification: () => {},
  canSign: () => Promise.resolve(true),
  report: () => {},
};
