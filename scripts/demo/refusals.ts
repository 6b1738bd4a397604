/** Items that must be refused, each for itself and without harm to its neighbours, and the status of each. */
import { randomUUID } from 'node:crypto';
import type { DsmClient } from './dsm-client.ts';
import type { WireItem } from './signing-kinds.ts';

export interface Refusal {
  readonly label: string;
  /** Not always an object: what a careless client might send. */
  readonly item: unknown;
  readonly status: number;
}

const digest = (bytes: number): string => Buffer.alloc(bytes, 0xa5).toString('base64');
const sha256 = { hash_alg: 'SHA256', hash: digest(32) };

/** Creates the keys that the refusals need. Their creation is allowed; signing with them isn't. */
export async function makeRefusals(client: DsmClient): Promise<readonly Refusal[]> {
  const make = async (request: WireItem): Promise<WireItem> => ({ kid: (await client.createKey(request)).kid });
  const p256 = { obj_type: 'EC', elliptic_curve: 'NistP256' };
  const [good, disabled, verifyOnly, p192, secp192k1, rsa1024, mlDsa, ed25519] = await Promise.all([
    make({ name: 'refusal p256', ...p256 }),
    make({ name: 'refusal disabled', ...p256, enabled: false }),
    make({ name: 'refusal verify only', ...p256, key_ops: ['VERIFY'] }),
    make({ name: 'refusal p192', obj_type: 'EC', elliptic_curve: 'NistP192' }),
    make({ name: 'refusal secp192k1', obj_type: 'EC', elliptic_curve: 'SecP192K1' }),
    make({ name: 'refusal rsa1024', obj_type: 'RSA', key_size: 1024 }),
    make({ name: 'refusal ml-dsa', obj_type: 'MLDSA', mldsa: { param_set: 'MlDsa44' } }),
    make({ name: 'refusal ed25519', obj_type: 'EC', elliptic_curve: 'Ed25519' }),
  ]);
  return [
    { label: 'unknown key id', status: 404, item: { key: { kid: randomUUID() }, ...sha256 } },
    { label: 'unknown key name', status: 404, item: { key: { name: 'nobody has this name' }, ...sha256 } },
    { label: 'key named twice', status: 400, item: { key: { ...good, name: 'refusal p256' }, ...sha256 } },
    { label: 'no key', status: 400, item: sha256 },
    { label: 'digest of the wrong length', status: 400, item: { key: good, hash_alg: 'SHA256', hash: digest(31) } },
    { label: 'both hash and data', status: 400, item: { key: good, ...sha256, data: digest(8) } },
    { label: 'neither hash nor data', status: 400, item: { key: good, hash_alg: 'SHA256' } },
    { label: 'bad base64', status: 400, item: { key: good, hash_alg: 'SHA256', hash: '*not base64*' } },
    { label: 'unknown hash', status: 400, item: { key: good, hash_alg: 'SHA257', hash: digest(32) } },
    { label: 'no hash named', status: 400, item: { key: good, hash: digest(32) } },
    { label: 'RSA mode for an EC key', status: 400, item: { key: good, ...sha256, mode: { PKCS1_V15: {} } } },
    { label: 'context for an EC key', status: 400, item: { key: good, ...sha256, context: digest(4) } },
    { label: 'digest for Ed25519', status: 400, item: { key: ed25519, ...sha256 } },
    {
      label: 'external mu of 63 bytes',
      status: 400,
      item: { key: mlDsa, hash: digest(63), mode: { variant: 'EXTERNAL_MU' } },
    },
    { label: 'not an object', status: 400, item: 42 },
    { label: 'null', status: 400, item: null },
    { label: 'disabled key', status: 403, item: { key: disabled, ...sha256 } },
    { label: 'key that may only verify', status: 403, item: { key: verifyOnly, ...sha256 } },
    { label: 'P-192, off by default', status: 403, item: { key: p192, ...sha256 } },
    { label: 'secp192k1, off by default', status: 403, item: { key: secp192k1, ...sha256 } },
    {
      label: 'RSA-1024, off by default',
      status: 403,
      item: { key: rsa1024, ...sha256, mode: { PKCS1_V15: {} } },
    },
    {
      label: 'SHA-1, off by default',
      status: 403,
      item: { key: good, hash_alg: 'SHA1', hash: digest(20) },
    },
  ];
}
