import { randomBytes } from 'node:crypto';
import { freeSecret } from '@countersign/algorithms/secret-memory';
import { hpkeKeyPair, openHpke, sealHpke } from './hpke.ts';

const TEXT = Buffer.from('warm-up');
const CONTEXT = { info: TEXT, associatedData: TEXT };

/**
 * One message there and back, so that WebCrypto and its threads are there before the process seals itself, and a system
 * where it doesn't work is found at the start.
 * @throws Error when the message doesn't open
 */
export async function warmUpTransfers(): Promise<void> {
  const pair = hpkeKeyPair(randomBytes(32));
  const message = await sealHpke(pair.publicKey, TEXT, CONTEXT);
  const opened = message && (await openHpke(pair, message, CONTEXT));
  if (opened?.equals(TEXT) !== true) throw new Error('HPKE does not open its own message');
  freeSecret(opened);
}
