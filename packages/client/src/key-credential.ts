/** Signs with a private key through Node. The only file of this package that needs Node; loaded when it is asked for. */
import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import type { KeyCredential, SigningCredential } from './credential.ts';

/** @throws TypeError for a key that can't be a credential's; its text never has anything of the key */
export function keyCredential({ credentialId, privateKey }: KeyCredential): SigningCredential {
  const key = typeof privateKey === 'string' ? readPem(privateKey) : privateKey;
  const digest = digestOf(key);
  return { credentialId, sign: (clientData) => sign(digest, clientData, { key, dsaEncoding: 'der' }) };
}

function readPem(pem: string): KeyObject {
  try {
    return createPrivateKey({ key: pem, format: 'pem' });
  } catch {
    // Without the cause: OpenSSL's text may quote what it was given.
    throw new TypeError('the private key of the credential must be an unencrypted private key in PEM');
  }
}

/** Null where the scheme has its own. */
function digestOf({ type, asymmetricKeyType }: KeyObject): 'sha256' | null {
  if (type === 'private') {
    if (asymmetricKeyType === 'ed25519') return null;
    if (asymmetricKeyType === 'ec' || asymmetricKeyType === 'rsa') return 'sha256';
  }
  throw new TypeError('the private key of the credential must be Ed25519, EC or RSA');
}
