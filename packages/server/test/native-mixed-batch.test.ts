/** One batch of our own API over keys of several custodies: the vault's and threshold shares, between real servers. */
import { createPublicKey, verify } from 'node:crypto';
import { schnorr } from '@noble/curves/secp256k1.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClusterParty, VertexCluster } from './vertex-cluster.ts';

const TEST_TIMEOUT_MS = 120_000;
const MESSAGE = Buffer.from('one message for all');

let cluster: VertexCluster;

beforeAll(async () => {
  cluster = await VertexCluster.start(2);
}, TEST_TIMEOUT_MS);

afterAll(() => cluster?.stop(), TEST_TIMEOUT_MS);

interface Result {
  readonly status: string;
  readonly keyId?: string;
  readonly signature?: string;
  readonly error?: { readonly code: string };
}

async function call(party: ClusterParty, path: string, body?: unknown): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`http://${party.address}/api/v1${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${party.userKey}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  expect(response.status).toBeLessThan(300);
  return (await response.json()) as Readonly<Record<string, unknown>>;
}

interface NativeKey {
  readonly id: string;
  readonly algorithm: string;
  readonly custody: string;
  readonly publicKey: string;
  readonly publicKeyPem?: string;
}

describe('a batch over vault and threshold keys', () => {
  it(
    'is signed in one request by each server, and a bad item harms none',
    async () => {
      const shared = await cluster.newKey('bip340', 2, [0, 1]);
      const parties = [cluster.party(0), cluster.party(1)];
      const room = await cluster.room(2);
      const { relay_address: relay, room_uuid: roomId } = room;
      const answers = await Promise.all(
        parties.map(async (party) => {
          const own = (await call(party, '/keys', { name: 'own', algorithm: 'ed25519' })) as unknown as NativeKey;
          const { items: keys } = (await call(party, '/keys')) as unknown as { readonly items: readonly NativeKey[] };
          const threshold = keys.find(({ custody }) => custody === 'threshold');
          if (threshold === undefined) throw new Error('the share is no key here');
          const message = MESSAGE.toString('base64');
          const items = [
            { keyId: own.id, message },
            { keyId: threshold.id, message, ceremony: { room: roomId, relay } },
            { keyId: own.id, digest: message },
          ];
          const { results } = (await call(party, '/signatures', { items })) as unknown as {
            readonly results: readonly Result[];
          };
          return { own, threshold, results };
        }),
      );
      for (const { own, threshold, results } of answers) {
        expect(results.map(({ status }) => status)).toEqual(['signed', 'signed', 'failed']);
        const [ofVault, ofThreshold] = results.map(({ signature = '' }) => Buffer.from(signature, 'base64'));
        expect(verify(null, MESSAGE, createPublicKey(own.publicKeyPem ?? ''), ofVault ?? Buffer.alloc(0))).toBe(true);
        const publicKey = Buffer.from(threshold.publicKey, 'base64');
        expect(schnorr.verify(ofThreshold ?? Buffer.alloc(64), MESSAGE, publicKey)).toBe(true);
      }
      expect(answers[0]?.results[1]?.signature).toBe(answers[1]?.results[1]?.signature);
      expect(shared.keyIds).toHaveLength(2);
    },
    TEST_TIMEOUT_MS,
  );
});
