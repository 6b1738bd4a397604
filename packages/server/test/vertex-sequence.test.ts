/**
 * What callers of the Vertex dialect do, from the first key to the last, between servers in processes of their own over
 * a real relay. Signatures and keys are checked by other people's code.
 */
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HostSeckeyError } from '@countersign/threshold/chilldkg/chilldkg-errors';
import { participantRecover } from '@countersign/threshold/chilldkg/recovery';
import { loadSecp256k1Group } from '@countersign/threshold/engines/secp256k1/load-group';
import { parseKeygenId } from '@countersign/threshold/exchange/keygen-id';
import type { Secp256k1Group } from '@countersign/threshold/secp256k1/secp256k1-group';
import { ed25519 } from '@noble/curves/ed25519.js';
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { exportPKCS8, exportSPKI, generateKeyPair, importPKCS8, importSPKI, jwtVerify, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isOnDisk, secretsOnDisk } from './secrets-on-disk.ts';
import {
  type Answer,
  type ClusterKey,
  errorOf,
  expectBody,
  THRESHOLD_SCHEMES,
  type ThresholdScheme,
  VertexCluster,
} from './vertex-cluster.ts';

/** Short, so that what waits for a party in vain ends soon; long enough for a busy machine. */
const JOIN_SECONDS = 6;
const TEST_TIMEOUT_MS = 120_000;

let cluster: VertexCluster;

beforeAll(async () => {
  const flags = ['--relay-join-seconds', `${JOIN_SECONDS}`, '--allow-full-export', '--share-backup', 'plaintext'];
  cluster = await VertexCluster.start(4, { flags });
}, TEST_TIMEOUT_MS);

afterAll(() => cluster?.stop(), TEST_TIMEOUT_MS);

function isSignature(scheme: ThresholdScheme, publicKeyHex: string, messageHex: string, signatureHex: string): boolean {
  const [publicKey, message, signature] = [publicKeyHex, messageHex, signatureHex].map((hex) =>
    Buffer.from(hex, 'hex'),
  ) as [Buffer, Buffer, Buffer];
  if (scheme === 'bip340') return schnorr.verify(signature, message, publicKey);
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') },
    format: 'jwk',
  });
  return verify(null, message, key, signature) && ed25519.verify(signature, message, publicKey);
}

/** All parties answered the same signature, and it is one. */
function expectSigned(scheme: ThresholdScheme, answers: readonly Answer[], publicKey: string, message: string): void {
  const signatures = answers.map((answer) => String(expectBody(answer)['signature']));
  expect(new Set(signatures).size).toBe(1);
  expect(isSignature(scheme, publicKey, message, signatures[0] ?? '')).toBe(true);
}

interface Element {
  readonly Signature?: { readonly signature: string };
  readonly Error?: { readonly err_type: string; readonly err_msg: string };
}

function elementsOf(answer: Answer | undefined): readonly Element[] {
  if (answer?.status !== 200 || !Array.isArray(answer.body)) throw new Error(`no batch: ${JSON.stringify(answer)}`);
  return answer.body as readonly Element[];
}

/** As error texts name a party: by the beginning of the identity that its keygen id shows. */
function nameOf(key: ClusterKey, place: number): string {
  const { identity } = parseKeygenId(key.keygenIds[place] ?? '');
  return Buffer.from(identity.identityKey.subarray(0, 4)).toString('hex');
}

async function publicKeyOf(key: ClusterKey, derivation: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const keys = new Set(await cluster.publicKeys(key, derivation));
  expect(keys.size).toBe(1);
  return [...keys][0] ?? '';
}

/** The key of a private one, by other people's code. */
function publicOf(scheme: ThresholdScheme, privateKeyHex: string): string {
  const secret = Buffer.from(privateKeyHex, 'hex');
  return Buffer.from(scheme === 'bip340' ? schnorr.getPublicKey(secret) : ed25519.getPublicKey(secret)).toString('hex');
}

async function refuses(key: ClusterKey, place: number, errType: string): Promise<void> {
  const [answer] = await cluster.sign(key, [place], { msg: 'aa' }, await cluster.room(2));
  expect(errorOf(answer).err_type).toBe(errType);
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function isHostSecretOf(group: Secp256k1Group, secret: Uint8Array, recoveryData: Uint8Array): boolean {
  try {
    participantRecover(group, secret, recoveryData);
    return true;
  } catch (error) {
    if (error instanceof HostSeckeyError) return false;
    throw error;
  }
}

describe.each(THRESHOLD_SCHEMES)('%s between servers', (scheme) => {
  let key: ClusterKey;

  beforeAll(async () => {
    key = await cluster.newKey(scheme, 2, [0, 1, 2]);
  }, TEST_TIMEOUT_MS);

  describe('the sequence of a caller', () => {
    it('generates a key once, with one public key for every path', async () => {
      const fresh = await cluster.create(scheme, 2, [0, 1, 2]);
      await refuses(fresh, 0, 'key_operation_before_keygen');
      const answers = (await cluster.keygen(fresh)).map(expectBody);
      expect(answers.map(({ key_id }) => key_id)).toEqual(fresh.keyIds);
      expect(new Set(answers.map(({ params_hash }) => params_hash)).size).toBe(1);
      const keys = [await publicKeyOf(fresh), await publicKeyOf(fresh, { derivation_path: [0, 5] })];
      expect(new Set(keys).size).toBe(2);
      for (const publicKey of keys) expect(publicKey).toMatch(/^[0-9a-f]{64}$/);
      for (const answer of await cluster.keygen(fresh))
        expect(errorOf(answer).err_type).toBe('already_performed_keygen');
    });

    it.each([[[0, 1]], [[0, 2]], [[2, 1]], [[0, 1, 2]]])('signs with %j', async (places) => {
      const derivation = { derivation_path: [0, 5] };
      const publicKey = await publicKeyOf(key, derivation);
      const answers = await cluster.sign(key, places, { msg: 'deadbeef', extra_data: '', ...derivation });
      expectSigned(scheme, answers, publicKey, 'deadbeef');
    });

    it('signs a batch, each element in a room of its own', async () => {
      const requests = Array.from({ length: 20 }, (_, index) => ({
        msg: randomBytes(index).toString('hex'),
        derivation_path: [index % 3],
      }));
      const answers = (await cluster.batchSign(key, [0, 2], () => requests)).map(elementsOf);
      expect(answers[1]).toEqual(answers[0]);
      for (const [index, request] of requests.entries()) {
        const publicKey = await publicKeyOf(key, { derivation_path: request.derivation_path });
        expect(isSignature(scheme, publicKey, request.msg, answers[0]?.[index]?.Signature?.signature ?? '')).toBe(true);
      }
    });

    it('signs a batch in one room for all, by the order of the elements', async () => {
      const where = await cluster.room(2);
      const messages = ['00', '01', '02'];
      const answers = await cluster.together([0, 1], 'POST', `/${scheme}/batch-sign`, (place) => ({
        sign_requests: messages.map((msg) => ({ ...where, key_id: key.keyIds[place], msg })),
      }));
      const publicKey = await publicKeyOf(key);
      for (const answer of answers) {
        elementsOf(answer).forEach((element, index) => {
          expect(isSignature(scheme, publicKey, messages[index] ?? '', element.Signature?.signature ?? '')).toBe(true);
        });
      }
    });

    it('refreshes: another key id of the same key signs, and the old one no longer does', async () => {
      const old = await cluster.newKey(scheme, 2, [0, 1, 2]);
      const publicKey = await publicKeyOf(old);
      const fresh = await cluster.refreshed(old);
      expect(fresh.keyIds.some((id) => old.keyIds.includes(id))).toBe(false);
      expect(await publicKeyOf(fresh)).toBe(publicKey);
      for (const places of [
        [0, 1],
        [1, 2],
      ])
        expectSigned(scheme, await cluster.sign(fresh, places, { msg: 'aa' }), publicKey, 'aa');
      for (const place of [0, 1, 2]) await refuses(old, place, 'policy_validation_failed');
      const again = await cluster.refreshed(fresh);
      expectSigned(scheme, await cluster.sign(again, [2, 0], { msg: 'bb' }), publicKey, 'bb');
    });
  });

  // Ed25519 has neither output keys nor ChillDKG.
  const itOfBip340 = scheme === 'bip340' ? it : () => undefined;

  itOfBip340('signs under the BIP341 output key of a merkle root', async () => {
    const root = randomBytes(32);
    const internal = Buffer.from(await publicKeyOf(key), 'hex');
    const point = schnorr.utils.lift_x(BigInt(`0x${internal.toString('hex')}`));
    const tweak = BigInt(`0x${Buffer.from(schnorr.utils.taggedHash('TapTweak', internal, root)).toString('hex')}`);
    const output = Buffer.from(schnorr.utils.pointToBytes(point.add(secp256k1.Point.BASE.multiply(tweak)))).toString(
      'hex',
    );
    const request = { taproot_merkle_root: root.toString('hex') };
    expect(await publicKeyOf(key, request)).toBe(output);
    expectSigned(scheme, await cluster.sign(key, [1, 2], { msg: 'aa', ...request }), output, 'aa');
  });

  describe('what the parties disagree about', () => {
    it.each([
      ['msg', { msg: 'aa' }, { msg: 'ab' }],
      ['derivation_path', { msg: 'aa', derivation_path: [1] }, { msg: 'aa', derivation_path: [1, 0] }],
    ])('ends a signature with the name of the field: %s', async (field, first, second) => {
      const where = await cluster.room(2);
      const answers = await cluster.together([0, 1], 'POST', `/${scheme}/sign`, (place) => ({
        ...where,
        key_id: key.keyIds[place],
        ...[first, second][place],
      }));
      for (const [place, answer] of answers.entries()) {
        const { err_type, err_msg } = errorOf(answer);
        expect(err_type).toBe('executor_result');
        expect(err_msg).toContain(field);
        expect(err_msg).toContain(nameOf(key, 1 - place));
      }
    });

    it('ends one element of a batch, and not the others', async () => {
      const answers = await cluster.batchSign(key, [0, 1], (place) => [
        { msg: '00' },
        { msg: place === 0 ? '01' : '02' },
        { msg: '03' },
      ]);
      const publicKey = await publicKeyOf(key);
      for (const [place, answer] of answers.entries()) {
        const [first, second, third] = elementsOf(answer);
        expect(isSignature(scheme, publicKey, '00', first?.Signature?.signature ?? '')).toBe(true);
        expect(isSignature(scheme, publicKey, '03', third?.Signature?.signature ?? '')).toBe(true);
        expect(second?.Error?.err_type).toBe('executor_result');
        expect(second?.Error?.err_msg).toContain('msg');
        expect(second?.Error?.err_msg).toContain(nameOf(key, 1 - place));
      }
    });

    it('ends a key generation with another threshold for one', async () => {
      const fresh = await cluster.create(scheme, 2, [0, 1, 2]);
      const where = await cluster.room(3);
      const answers = await cluster.together([0, 1, 2], 'POST', `/${scheme}/keygen`, (place) => ({
        ...where,
        key_id: fresh.keyIds[place],
        num_parties: 3,
        threshold: place === 2 ? 3 : 2,
        others_keygen_ids: fresh.keygenIds.filter((_, other) => other !== place),
      }));
      for (const answer of answers) {
        expect(errorOf(answer).err_type).toBe('executor_result');
        expect(errorOf(answer).err_msg).toMatch(/threshold|keygen ids/);
      }
      expect(errorOf(answers[2]).err_msg).toContain('threshold 2');
      for (const answer of await cluster.keygen(fresh)) expectBody(answer);
    });
  });

  describe('who is missing', () => {
    it(
      'is named to those who came, within the time-out',
      async () => {
        const startedMs = performance.now();
        const fresh = await cluster.create(scheme, 2, [0, 1, 2]);
        const [signed, generated] = await Promise.all([
          cluster.sign(key, [0], { msg: 'aa' }, await cluster.room(3)),
          cluster.together([0, 1], 'POST', `/${scheme}/keygen`, await keygenBody(fresh)),
        ]);
        const signing = errorOf(signed[0]);
        expect(signing.err_type).toBe('executor_result');
        for (const place of [1, 2]) expect(signing.err_msg).toContain(nameOf(key, place));
        expect(signing.err_msg).not.toContain(nameOf(key, 0));
        for (const answer of generated) {
          expect(errorOf(answer).err_type).toBe('executor_result');
          // One may have heard of it from the other, who gave up first.
          const [, absent] = errorOf(answer).err_msg.split('not heard of');
          expect(absent).toContain(nameOf(fresh, 2));
          expect(absent).not.toContain(nameOf(fresh, 1));
        }
        expect(performance.now() - startedMs).toBeLessThan(4 * JOIN_SECONDS * 1000);
      },
      TEST_TIMEOUT_MS,
    );

    async function keygenBody(fresh: ClusterKey): Promise<(place: number) => unknown> {
      const where = await cluster.room(3);
      return (place) => ({
        ...where,
        key_id: fresh.keyIds[place],
        num_parties: 3,
        threshold: 2,
        others_keygen_ids: fresh.keygenIds.filter((_, other) => other !== place),
      });
    }
  });

  it('answers the same for an unknown key, one of another server and one of another user', async () => {
    const other = expectBody(await cluster.party(0).admin('GET', `/admin/create-user?name=other-${scheme}`));
    const where = await cluster.room(2);
    const sign = (keyId: unknown, apiKey: string) =>
      cluster.party(0).callAs(apiKey, 'POST', `/${scheme}/sign`, { ...where, key_id: keyId, msg: 'aa' });
    const { userKey } = cluster.party(0);
    const answers = [
      await sign('00000000-0000-4000-8000-000000000000', userKey),
      await sign(key.keyIds[1], userKey),
      await sign(key.keyIds[0], String(other['api_key'])),
    ];
    for (const answer of answers) expect(errorOf(answer).err_type).toBe('key_id_not_exists');
    expect(new Set(answers.map((answer) => errorOf(answer).err_msg)).size).toBe(1);
  });

  describe('rooms', () => {
    it('serve one operation', async () => {
      const where = await cluster.room(2);
      for (const answer of await cluster.sign(key, [0, 1], { msg: 'aa' }, where)) expectBody(answer);
      for (const answer of await cluster.sign(key, [0, 1], { msg: 'aa' }, where)) {
        expect(errorOf(answer).err_type).toBe('executor_result');
        expect(errorOf(answer).err_msg).toMatch(/room/);
      }
    });

    it('that one element used before spoil it alone', async () => {
      const used = await cluster.room(2);
      await cluster.sign(key, [0, 1], { msg: 'aa' }, used);
      const fresh = await cluster.room(2);
      const answers = await cluster.together([0, 1], 'POST', `/${scheme}/batch-sign`, (place) => ({
        sign_requests: [fresh, used].map((where) => ({ ...where, key_id: key.keyIds[place], msg: 'aa' })),
      }));
      for (const answer of answers) {
        const byRoom = elementsOf(answer);
        // The carrier is the smaller id: where that one is used up, nobody meets at all.
        const isCarrierUsed = used.room_uuid < fresh.room_uuid;
        expect(byRoom[1]?.Error?.err_type).toBe('executor_result');
        if (!isCarrierUsed) expect(byRoom[0]?.Signature).toBeDefined();
      }
    });

    it('are all the same in a batch, or all different', async () => {
      const [first, second] = [await cluster.room(2), await cluster.room(2)];
      const answer = await cluster.party(0).call('POST', `/${scheme}/batch-sign`, {
        sign_requests: [first, first, second].map((where) => ({ ...where, key_id: key.keyIds[0], msg: 'aa' })),
      });
      expect(answer.status).toBe(400);
      expect(errorOf(answer).err_type).toBe('bad_request_params');
    });
  });

  it('generates a key by name in a cluster, which keeps its name when it is refreshed', async () => {
    const holders = [0, 1, 2];
    const [keyName, clusterName] = [`treasury-${scheme}`, `trio-${scheme}`];
    const ids = await cluster.together(holders, 'GET', '/cluster/persistent-keygen-id', () => undefined);
    const keygenIds = ids.map((answer) => expectBody(answer)['keygen_id']);
    for (const party of holders)
      expectBody(
        await cluster.party(party).admin('POST', '/admin/clusters', { name: clusterName, keygen_ids: keygenIds }),
      );
    const keygen = async () => {
      const where = await cluster.room(3);
      return cluster.together(holders, 'POST', `/cluster/${scheme}/keygen`, () => ({
        ...where,
        key_name: keyName,
        cluster_name: clusterName,
        num_parties: 3,
        threshold: 2,
      }));
    };
    const keyIds = (await keygen()).map((answer) => String(expectBody(answer)['key_id']));
    const named: ClusterKey = { scheme, threshold: 2, holders, keyIds, keygenIds: [] };
    const publicKey = await publicKeyOf(named);
    for (const answer of await keygen()) expect(errorOf(answer).err_type).toBe('already_performed_keygen');

    const signByName = async (places: readonly number[], msg: string) => {
      const where = await cluster.room(places.length);
      return cluster.together(places, 'POST', `/${scheme}/sign`, () => ({ ...where, key_name: keyName, msg }));
    };
    expectSigned(scheme, await signByName([0, 2], 'aa'), publicKey, 'aa');
    const where = await cluster.room(3);
    const refreshed = await cluster.together(holders, 'POST', `/${scheme}/refresh`, () => ({
      ...where,
      key_name: keyName,
    }));
    for (const answer of refreshed) expect(keyIds).not.toContain(expectBody(answer)['key_id']);
    expectSigned(scheme, await signByName([1, 2], 'bb'), publicKey, 'bb');
  });

  describe('policies', () => {
    let rules: JoseRuleServer;

    beforeAll(async () => {
      rules = await startJoseRuleServer(String((await cluster.party(0).call('GET', '/identity-pubkey')).body));
    });
    afterAll(() => rules?.close());

    it(
      'are asked before a signature; a refusal is the refuser’s own, and named to the others',
      async () => {
        const guarded = await cluster.newKey(scheme, 2, [0, 1, 2]);
        const party = cluster.party(0);
        const { rule_id } = expectBody(
          await party.admin('POST', '/admin/policies/add-external-rule', {
            name: `no-bad-${scheme}`,
            url: rules.url,
            pubkey: rules.publicKeyPem,
            jwt_alg: 'ES256',
          }),
        );
        const policy = { name: `guard-${scheme}`, rules: [rule_id] };
        const { policy_id } = expectBody(await party.admin('POST', '/admin/policies/create-policy', policy));
        const attach = (name: string, body: unknown) => party.admin('POST', `/admin/policies/${name}`, body);
        expectBody(await attach('attach-policy-to-key', { key_id: guarded.keyIds[0], policy_id }));

        const path = { derivation_path: [7] };
        const child = await publicKeyOf(guarded, path);
        const asked = await cluster.sign(guarded, [0, 1], { msg: '00aa', extra_data: 'c0ffee', ...path });
        expectSigned(scheme, asked, child, '00aa');
        expect(rules.questions).toHaveLength(1);
        expect(rules.questions[0]).toMatchObject({
          action: `sign_${scheme}`,
          extra_data: 'c0ffee',
          request: { msg: '00aa', derivation_path: [7], derived_pubkey: child },
        });

        const [own, other] = await cluster.batchSign(guarded, [0, 1], () => [
          { msg: '00' },
          { msg: 'bad0' },
          { msg: '01' },
        ]);
        const publicKey = await publicKeyOf(guarded);
        for (const answer of [own, other]) {
          const [first, , third] = elementsOf(answer);
          expect(isSignature(scheme, publicKey, '00', first?.Signature?.signature ?? '')).toBe(true);
          expect(isSignature(scheme, publicKey, '01', third?.Signature?.signature ?? '')).toBe(true);
        }
        const refusal = elementsOf(own)[1]?.Error;
        expect(refusal?.err_type).toBe('policy_validation_failed');
        expect(refusal?.err_msg).toContain('it begins with bad');
        const told = elementsOf(other)[1]?.Error;
        expect(told?.err_type).toBe('executor_result');
        expect(told?.err_msg).toContain(nameOf(guarded, 0));

        // Who refuses alone doesn't come at all; the other one hears who is missing.
        const [refused, alone] = await cluster.sign(guarded, [0, 1], { msg: 'bad1' });
        expect(errorOf(refused).err_type).toBe('policy_validation_failed');
        expect(errorOf(alone).err_type).toBe('executor_result');
        expect(errorOf(alone).err_msg).toContain(nameOf(guarded, 0));

        // The other two may sign without it, and a refresh doesn't shake the policy off.
        expectSigned(scheme, await cluster.sign(guarded, [1, 2], { msg: 'bad2' }), publicKey, 'bad2');
        const fresh = await cluster.refreshed(guarded);
        const after = await cluster.sign(fresh, [0], { msg: 'bad3' }, await cluster.room(2));
        expect(errorOf(after[0]).err_type).toBe('policy_validation_failed');
      },
      TEST_TIMEOUT_MS,
    );
  });

  describe('share changes', () => {
    it('reshares 2 of 3 to 3 of 4, with a server that joins', async () => {
      const old = await cluster.newKey(scheme, 2, [0, 1, 2]);
      const publicKey = await publicKeyOf(old);
      const joining = await cluster.create(scheme, 3, [3]);
      const exports = await Promise.all(
        old.keyIds.map((id, place) => cluster.party(place).call('GET', `/${scheme}/export-id/${id}`)),
      );
      const ids = [...exports.map((answer) => String(expectBody(answer)['export_id'])), joining.keygenIds[0] ?? ''];
      const where = await cluster.room(4);
      const answers = await Promise.all([
        ...[0, 1, 2].map((party) =>
          cluster.party(party).call('POST', `/${scheme}/reshare/existing-party`, {
            ...where,
            key_id: old.keyIds[party],
            keygen_ids: ids.filter((_, other) => other !== party),
            new_threshold: 3,
          }),
        ),
        cluster.party(3).call('POST', `/${scheme}/reshare/new-party`, {
          ...where,
          key_id: joining.keyIds[0],
          keygen_ids: ids.slice(0, 3),
          old_threshold: 2,
          new_threshold: 3,
        }),
      ]);
      const keyIds = answers.map((answer) => String(expectBody(answer)['key_id']));
      const fresh: ClusterKey = { scheme, threshold: 3, holders: [0, 1, 2, 3], keyIds, keygenIds: ids };
      expect(await publicKeyOf(fresh)).toBe(publicKey);
      for (const places of [
        [0, 1, 2],
        [3, 1, 0],
        [1, 2, 3],
      ])
        expectSigned(scheme, await cluster.sign(fresh, places, { msg: 'aa' }), publicKey, 'aa');
      for (const answer of await cluster.sign(fresh, [0, 3], { msg: 'aa' }))
        expect(errorOf(answer).err_type).toBe('executor_result');
      for (const place of [0, 1, 2]) await refuses(old, place, 'policy_validation_failed');
      // The next step starts from these shares as from any.
      const again = await cluster.refreshed(fresh);
      expectSigned(scheme, await cluster.sign(again, [0, 2, 3], { msg: 'bb' }), publicKey, 'bb');
    });

    it.each(['keeps a share', 'keeps none'])('imports a whole key from a dealer that %s', async (which) => {
      const keepsShare = which === 'keeps a share';
      const privateKey = randomBytes(32).toString('hex');
      const holders = keepsShare ? [0, 1, 2] : [1, 2, 3];
      const shares = await cluster.create(scheme, 2, holders);
      const dealerId = expectBody(await cluster.party(0).call('GET', '/cluster/persistent-keygen-id'))['keygen_id'];
      const where = await cluster.room(keepsShare ? 3 : 4);
      const [dealt, ...received] = await Promise.all([
        cluster.party(0).call('POST', `/${scheme}/import/key-importer`, {
          ...where,
          private_key: privateKey,
          keygen_ids: keepsShare ? shares.keygenIds.slice(1) : shares.keygenIds,
          threshold: 2,
          ...(keepsShare && { key_id: shares.keyIds[0] }),
        }),
        ...holders.flatMap((party, place) => {
          if (party === 0) return [];
          const others: unknown[] = shares.keygenIds.filter((_, other) => other !== place);
          return [
            cluster.party(party).call('POST', `/${scheme}/import/import-key-share-recipient`, {
              ...where,
              key_id: shares.keyIds[place],
              others_keygen_ids: keepsShare ? others : [...others, dealerId],
              threshold: 2,
            }),
          ];
        }),
      ]);
      for (const answer of received) expectBody(answer);
      expect(expectBody(dealt as Answer)['key_id']).toBe(keepsShare ? shares.keyIds[0] : undefined);
      const publicKey = await publicKeyOf(shares);
      expect(publicKey).toBe(publicOf(scheme, privateKey));
      for (const places of [
        [0, 1],
        [0, 2],
        [2, 1],
      ])
        expectSigned(scheme, await cluster.sign(shares, places, { msg: 'aa' }), publicKey, 'aa');
      const fresh = await cluster.refreshed(shares);
      expectSigned(scheme, await cluster.sign(fresh, [1, 2], { msg: 'bb' }), publicKey, 'bb');
    });

    it('exports the whole key to one party, and nothing to the others', async () => {
      const exported = await cluster.newKey(scheme, 2, [0, 1, 2]);
      const publicKey = await publicKeyOf(exported);
      const party = cluster.party(1);
      const { export_id } = expectBody(await party.call('GET', `/${scheme}/export/exportId/${exported.keyIds[1]}`));
      const where = await cluster.room(2);
      const answers = await cluster.together([0, 1], 'POST', `/${scheme}/export/full`, (place) => ({
        ...where,
        key_id: exported.keyIds[place],
        export_to: export_id,
      }));
      const [nothing, whole] = answers.map(expectBody);
      expect(nothing).toEqual({});
      const secret = String(whole?.['private_key']);
      const found =
        scheme === 'bip340'
          ? publicOf(scheme, secret)
          : // A scalar, in little-endian order, and no seed.
            ed25519.Point.BASE.multiply(BigInt(`0x${Buffer.from(secret, 'hex').reverse().toString('hex')}`)).toHex();
      expect(found).toBe(publicKey);
    });

    itOfBip340('leaves nothing in any data folder that recovers a share of before a refresh', async () => {
      const group = await loadSecp256k1Group();
      const folders = [0, 1, 2].map((party) => cluster.party(party).dataDir);
      const known = folders.flatMap((folder) => secretsOnDisk(folder).shares.map(({ sealed }) => hexOf(sealed)));
      const refreshing = await cluster.newKey(scheme, 2, [0, 1, 2]);
      const old = folders.map((folder) =>
        secretsOnDisk(folder).shares.filter(({ sealed }) => !known.includes(hexOf(sealed))),
      );
      expect(old.map(({ length }) => length)).toEqual([1, 1, 1]);
      const recoveryData = old[0]?.[0]?.evidence ?? new Uint8Array(0);
      const recoveries = () =>
        folders
          .map((folder) => secretsOnDisk(folder))
          .flatMap(({ shares, others }) => [...shares.flatMap(({ secrets }) => secrets), ...others])
          .filter((secret) => isHostSecretOf(group, secret, recoveryData)).length;
      const onDisk = () =>
        folders.filter((folder, party) => old[party]?.some(({ sealed }) => isOnDisk(folder, sealed))).length;
      expect([recoveries(), onDisk()]).toEqual([3, 3]);
      await cluster.refreshed(refreshing);
      expect([recoveries(), onDisk()]).toEqual([0, 0]);
    });

    it('takes a share back from its backup after it was deleted', async () => {
      const backed = await cluster.newKey(scheme, 2, [0, 1, 2]);
      const publicKey = await publicKeyOf(backed);
      const party = cluster.party(2);
      const backup = expectBody(await party.call('GET', `/${scheme}/backup/export-key-share/${backed.keyIds[2]}`));
      expect(backup['export_type']).toBe('plaintext');
      expect(await party.call('DELETE', `/${scheme}/delete-key-share/${backed.keyIds[2]}`)).toMatchObject({
        status: 200,
      });
      await refuses(backed, 2, 'key_id_not_exists');
      const { key_id } = expectBody(await party.call('POST', `/${scheme}/backup/import-key-share`, backup));
      const restored = { ...backed, keyIds: [...backed.keyIds.slice(0, 2), String(key_id)] };
      expectSigned(scheme, await cluster.sign(restored, [0, 2], { msg: 'aa' }), publicKey, 'aa');
      expectSigned(scheme, await cluster.sign(restored, [2, 1], { msg: 'bb' }), publicKey, 'bb');
      // A share is its server's: nobody else has an identity that the others know it by.
      const elsewhere = await cluster.party(0).call('POST', `/${scheme}/backup/import-key-share`, backup);
      expect(errorOf(elsewhere).err_type).toBe('bad_request_params');
    });
  });
});

interface JoseRuleServer {
  readonly url: string;
  readonly publicKeyPem: string;
  readonly questions: readonly Readonly<Record<string, unknown>>[];
  close(): Promise<void>;
}

/** docs/rule-servers.md in another library's hands: refuses messages that begin with `bad`. */
async function startJoseRuleServer(identityPem: string): Promise<JoseRuleServer> {
  const pair = await generateKeyPair('ES256', { extractable: true });
  const [privateKey, identity] = [
    await importPKCS8(await exportPKCS8(pair.privateKey), 'ES256'),
    await importSPKI(identityPem, 'ES256'),
  ];
  const questions: Readonly<Record<string, unknown>>[] = [];
  const answer = async (question: string): Promise<string> => {
    const { payload } = await jwtVerify(question, identity, {
      algorithms: ['ES256'],
      typ: 'countersign-rule-question+jwt',
      requiredClaims: ['iss', 'aud', 'exp', 'jti'],
    });
    questions.push(payload);
    const { msg } = payload['request'] as { readonly msg: string };
    const isBad = msg.startsWith('bad');
    const hash = await crypto.subtle.digest('SHA-256', Buffer.from(question));
    return new SignJWT({
      request_id: payload['request_id'],
      request_hash: Buffer.from(hash).toString('hex'),
      approved: !isBad,
      ...(isBad && { reason: 'it begins with bad' }),
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'countersign-rule-answer+jwt' })
      .setAudience(payload.iss ?? '')
      .setIssuedAt()
      .setExpirationTime('60s')
      .sign(privateKey);
  };
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      response.end(await answer(Buffer.concat(await request.toArray()).toString('latin1')));
    } catch {
      response.writeHead(400).end();
    }
  };
  const server = createServer((request, response) => void respond(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    publicKeyPem: await exportSPKI(pair.publicKey),
    questions,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
