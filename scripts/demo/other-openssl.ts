/** Verification of what @noble doesn't cover (RSA, P-224, secp224k1) by another OpenSSL than the one that signed. */
import { constants, createPublicKey, hash, publicDecrypt, verify } from 'node:crypto';
import { verifyEmsaPss } from './emsa-pss.ts';
import { findOpensslCommand } from './openssl-command.ts';

export interface OpensslVerification {
  readonly publicKey: Buffer;
  readonly message: Buffer;
  readonly signature: Buffer;
  /** Node's name of the hash. */
  readonly digest: string;
  /** Undefined for ECDSA. PSS salts have the digest's length. */
  readonly padding: { readonly kind: 'pkcs1' } | { readonly kind: 'pss'; readonly mgf1: string } | undefined;
}

export interface OtherOpenssl {
  readonly name: string;
  readonly verify: (verification: OpensslVerification) => Promise<boolean>;
  readonly close: () => void;
}

/** The `openssl` command; without one, Node's own OpenSSL, and the name says so. */
export async function findOtherOpenssl(): Promise<OtherOpenssl> {
  const command = await findOpensslCommand();
  if (command === undefined)
    return {
      name: "node:crypto (no openssl command found: the signer's own library)",
      verify: async (verification) => verifyWithNode(verification),
      close: () => {},
    };
  return {
    name: `${command.version}, command`,
    verify: ({ publicKey, message, signature, digest, padding }) =>
      command.verifyDigest(publicKey, hash(digest, message, 'buffer'), signature, pkeyOptions(digest, padding)),
    close: command.close,
  };
}

function pkeyOptions(digest: string, padding: OpensslVerification['padding']): readonly string[] {
  if (padding === undefined) return [];
  const options = [`digest:${digest}`];
  if (padding.kind === 'pss')
    options.push('rsa_padding_mode:pss', `rsa_mgf1_md:${padding.mgf1}`, 'rsa_pss_saltlen:digest');
  return options;
}

/** Node ties MGF1's hash to the message's; for other pairs it undoes RSA, and the padding is checked by hand. */
function verifyWithNode({ publicKey, message, signature, digest, padding }: OpensslVerification): boolean {
  const key = createPublicKey({ key: publicKey, format: 'der', type: 'spki' });
  if (padding?.kind !== 'pss') return verify(digest, message, key, signature);
  const encoded = publicDecrypt({ key, padding: constants.RSA_NO_PADDING }, signature);
  return verifyEmsaPss(encoded, hash(digest, message, 'buffer'), digest, padding.mgf1);
}
