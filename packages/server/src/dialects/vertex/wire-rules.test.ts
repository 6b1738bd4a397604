import { hash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import serverPackage from '../../../package.json' with { type: 'json' };
import { outcomeOf, type VertexAnswer, type VertexCall, vertexClient } from '../../../test/vertex-client.ts';
import { REFUSING_URL, SILENT_ROOM, startVertexService, type VertexService } from '../../../test/vertex-service.ts';
import { ENDPOINTS } from './endpoints.ts';
import { SCHEMES } from './scheme.ts';

const UUID = expect.stringMatching(/^[0-9a-f-]{36}$/);
const HASH = '04'.repeat(32);
const NO_KEY = '00000000-0000-4000-8000-000000000000';

/** A member of an answer. */
const member = (answer: VertexAnswer, name: string): string => {
  const value = (answer.json as Readonly<Record<string, unknown>>)[name];
  if (typeof value !== 'string') throw new Error(`no ${name} in ${answer.text}`);
  return value;
};
const errorOf = (answer: VertexAnswer) => [answer.status, outcomeOf(answer), member(answer, 'err_msg')];

describe('the Vertex API', () => {
  let service: VertexService;
  let call: VertexCall;
  let admin: VertexCall;
  let user: { readonly apiKey: string; readonly userId: string };
  let number = 0;

  beforeAll(async () => {
    service = await startVertexService({ limits: { maxCeremonyItems: 20 } });
    user = await service.addUser('desk1');
    call = vertexClient(service.server, { apiKey: user.apiKey });
    admin = vertexClient(service.server, { apiKey: service.adminKey });
  });
  afterAll(() => service.close());
  afterEach(() => expect(service.faults.splice(0)).toEqual([]));

  const room = async (): Promise<string> =>
    member(await call('POST', '/create-room', { body: { room_size: 3 } }), 'room_uuid');
  const created = async (scheme: string, by: VertexCall = call): Promise<string> =>
    member(await by('GET', `/${scheme}/create`), 'key_id');

  async function generated(scheme: string, by: VertexCall = call, name?: string): Promise<string> {
    const query = name === undefined ? '' : `?key_name=${name}`;
    const key_id = member(await by('GET', `/${scheme}/create${query}`), 'key_id');
    const body = { key_id, room_uuid: await room(), num_parties: 3, threshold: 2, others_keygen_ids: ['b', 'c'] };
    expect(await by('POST', `/${scheme}/keygen`, { body })).toMatchObject({ status: 200 });
    return key_id;
  }

  describe.each(SCHEMES)('$word', ({ word }) => {
    it('goes from a room to a signature', async () => {
      const made = await call('GET', `/${word}/create`);
      expect(made.json).toEqual({ key_id: UUID, keygen_id: expect.any(String) });
      const key_id = member(made, 'key_id');
      const body = {
        key_id,
        room_uuid: await room(),
        num_parties: 3,
        threshold: 2,
        others_keygen_ids: ['b', 'c'],
        relay_address: 'relay.example:443',
        hash_algo: 'none',
      };
      expect((await call('POST', `/${word}/keygen`, { body })).json).toEqual({ key_id, params_hash: HASH });
      expect(outcomeOf(await call('POST', `/${word}/keygen`, { body }))).toBe('already_performed_keygen');
      const derived = await call('POST', `/${word}/derive-pubkey`, { body: { key_id, derivation_path: [44, 0, 5] } });
      expect(derived.json).toEqual({ pubkey: hash('sha256', '[44,0,5] undefined') });
      const sign = { key_id, room_uuid: await room(), msg: 'deadbeef', derivation_path: [0, 5], extra_data: '' };
      const signature = member(await call('POST', `/${word}/sign`, { body: sign }), 'signature');
      expect(signature).toMatch(/^[0-9a-f]{128}$/);
    });

    it('hands a sign request to the core as it is', async () => {
      const key_id = await generated(word);
      const body = {
        key_id: key_id.toUpperCase(),
        room_uuid: 'one',
        msg: 'DEADbeef',
        derivation_path: [1, 2],
        extra_data: 'c0ffee',
        relay_address: '127.0.0.1:7000',
        hash_algo: 'sha256',
      };
      await call('POST', `/${word}/sign`, { body });
      expect(service.signed.at(-1)).toEqual([
        {
          ok: true,
          item: {
            key: { by: 'id', id: key_id },
            payload: { kind: 'message', bytes: Uint8Array.fromHex('deadbeef'), digest: undefined },
            options: { derivationPath: [1, 2] },
            context: Uint8Array.fromHex('c0ffee'),
            ceremony: { room: 'one', rooms: ['one'], position: 0, relay: '127.0.0.1:7000' },
          },
        },
      ]);
    });

    it('refreshes, reshares, imports and exports', async () => {
      const key_id = await generated(word);
      const refreshed = await call('POST', `/${word}/refresh`, { body: { key_id, room_uuid: await room() } });
      expect(refreshed.json).toEqual({ key_id: UUID });
      const newer = member(refreshed, 'key_id');
      expect(newer).not.toBe(key_id);
      const exportId = member(await call('GET', `/${word}/export-id/${newer}`), 'export_id');
      expect((await call('GET', `/${word}/export/exportId/${newer}`)).json).toEqual({ export_id: exportId });
      const reshare = { room_uuid: await room(), keygen_ids: ['b', 'c', 'd'], new_threshold: 3 };
      const existing = await call('POST', `/${word}/reshare/existing-party`, { body: { ...reshare, key_id: newer } });
      expect(existing.json).toEqual({ key_id: UUID });
      const joining = await created(word);
      const joined = await call('POST', `/${word}/reshare/new-party`, {
        body: { ...reshare, key_id: joining, old_threshold: 2 },
      });
      expect(joined.json).toEqual({ key_id: joining, params_hash: HASH });

      const receiving = await created(word);
      const received = await call('POST', `/${word}/import/import-key-share-recipient`, {
        body: { key_id: receiving, room_uuid: await room(), others_keygen_ids: ['b'], threshold: 2, num_parties: 2 },
      });
      expect(received.json).toEqual({ key_id: receiving, params_hash: HASH });
      const deal = { private_key: 'aB'.repeat(32), room_uuid: await room(), keygen_ids: ['a', 'b'], threshold: 2 };
      expect((await call('POST', `/${word}/import/key-importer`, { body: deal })).json).toEqual({});
      const keeping = await created(word);
      const keep = { ...deal, key_id: keeping, keygen_ids: ['b'] };
      expect((await call('POST', `/${word}/import/key-importer`, { body: keep })).json).toEqual({
        key_id: keeping,
        params_hash: HASH,
      });
      expect(outcomeOf(await call('POST', `/${word}/import/key-importer`, { body: { ...keep, key_id: NO_KEY } }))).toBe(
        'key_id_not_exists',
      );

      const share = member(existing, 'key_id');
      const full = { key_id: share, room_uuid: await room(), export_to: exportId };
      const mine = member(await call('GET', `/${word}/export-id/${share}`), 'export_id');
      expect((await call('POST', `/${word}/export/full`, { body: { ...full, export_to: mine } })).json).toEqual({
        private_key: '05'.repeat(32),
      });
      expect((await call('POST', `/${word}/export/full`, { body: { ...full, export_to: 'other' } })).json).toEqual({});
    });

    it('takes null for absent, and passes over what it does not know', async () => {
      const key_id = await generated(word);
      const absent = { key_name: null, relay_address: null, derivation_path: null, tweak: null, unknown: { x: 1 } };
      const body = { key_id, room_uuid: await room(), ...absent };
      expect(outcomeOf(await call('POST', `/${word}/derive-pubkey`, { body }))).toBe(200);
      expect(outcomeOf(await call('POST', `/${word}/refresh`, { body }))).toBe(200);
    });

    it('backs a share up, takes it back, and deletes it', async () => {
      const key_id = await generated(word);
      const backup = await call('GET', `/${word}/backup/export-key-share/${key_id}`);
      expect(backup.json).toEqual({ export_type: 'encrypted', key_share: 'AQID' });
      const restored = await call('POST', `/${word}/backup/import-key-share`, { body: backup.json });
      expect(restored.json).toEqual({ key_id: UUID });
      expect((await call('DELETE', `/${word}/delete-key-share/${key_id}`)).json).toEqual({});
      expect(outcomeOf(await call('DELETE', `/${word}/delete-key-share/${key_id}`))).toBe('key_id_not_exists');
    });

    it('generates in a cluster, by name', async () => {
      const cluster_name = `cluster of ${word}`;
      const keygen_ids = ['keygen-of-this-server', 'b', 'c'];
      expect(outcomeOf(await admin('POST', '/admin/clusters', { body: { name: cluster_name, keygen_ids } }))).toBe(200);
      const body = { room_uuid: await room(), key_name: `${word} of all`, cluster_name, num_parties: 3, threshold: 2 };
      expect((await call('POST', `/cluster/${word}/keygen`, { body })).json).toEqual({
        key_id: UUID,
        params_hash: HASH,
      });
      const sign = { key_name: body.key_name, room_uuid: await room(), msg: '00' };
      expect(outcomeOf(await call('POST', `/${word}/sign`, { body: sign }))).toBe(200);
      expect(
        errorOf(await call('POST', `/cluster/${word}/keygen`, { body: { ...body, cluster_name: 'none' } })),
      ).toEqual([400, 'bad_request_params', 'there is no cluster of this name']);
      expect(
        outcomeOf(await call('POST', `/cluster/${word}/keygen`, { body: { ...body, num_parties: 4, key_name: 'x' } })),
      ).toBe('bad_n_and_t_params');
    });

    it('is a world of its own: a key of another scheme is unknown', async () => {
      const other = SCHEMES.find((scheme) => scheme.word !== word)?.word ?? '';
      const key_id = await generated(other);
      const before = service.signed.length;
      const body = { key_id, room_uuid: await room(), msg: '00' };
      expect(outcomeOf(await call('POST', `/${word}/sign`, { body }))).toBe('key_id_not_exists');
      expect(service.signed.slice(before).flat()).toEqual([expect.objectContaining({ ok: false })]);
      for (const [method, path, request] of [
        ['POST', 'refresh', body],
        ['POST', 'derive-pubkey', { key_id }],
        ['GET', `export-id/${key_id}`, undefined],
        ['GET', `backup/export-key-share/${key_id}`, undefined],
        ['DELETE', `delete-key-share/${key_id}`, undefined],
        ['POST', 'keygen', { ...body, num_parties: 2, threshold: 2, others_keygen_ids: ['b'] }],
        ['POST', 'export/full', { ...body, export_to: 'b' }],
      ] as const)
        expect([path, outcomeOf(await call(method, `/${word}/${path}`, { body: request }))]).toEqual([
          path,
          'key_id_not_exists',
        ]);
    });

    it('answers for keys that are not generated, or not there', async () => {
      const key_id = await created(word);
      for (const [id, errType] of [
        [key_id, 'key_operation_before_keygen'],
        [NO_KEY, 'key_id_not_exists'],
      ]) {
        const body = { key_id: id, room_uuid: await room(), msg: '00' };
        expect(outcomeOf(await call('POST', `/${word}/sign`, { body }))).toBe(errType);
        expect(outcomeOf(await call('POST', `/${word}/refresh`, { body }))).toBe(errType);
        expect(outcomeOf(await call('POST', `/${word}/derive-pubkey`, { body }))).toBe(errType);
        expect(outcomeOf(await call('GET', `/${word}/export-id/${id}`))).toBe(errType);
        expect(outcomeOf(await call('GET', `/${word}/backup/export-key-share/${id}`))).toBe(errType);
      }
    });
  });

  describe('batches', () => {
    const element = (key_id: string, room_uuid: string, members: object = {}) => ({
      key_id,
      room_uuid,
      msg: 'aa',
      ...members,
    });
    const batch = (elements: readonly unknown[], by = call) =>
      by('POST', '/bip340/batch-sign', { body: { sign_requests: elements } });
    const words = ({ json }: VertexAnswer) =>
      (json as { Signature?: object; Error?: { err_type: string } }[]).map((one) => one.Error?.err_type ?? 'signed');

    it('sign in rooms of their own, and a bad element keeps its place', async () => {
      const [first, second] = [await generated('bip340'), await generated('bip340')];
      const unready = await created('bip340');
      const elements = [
        element(first, 'r5'),
        element(first, 'r4', { msg: '0xaa' }),
        element(NO_KEY, 'r3'),
        'nothing',
        element(unready, 'r2'),
        { ...element(second, 'r1'), relay_address: null },
        element(second, ''),
      ];
      const answer = await batch(elements);
      expect(answer.status).toBe(200);
      expect(words(answer)).toEqual([
        'signed',
        'bad_request_params',
        'key_id_not_exists',
        'bad_request_params',
        'key_operation_before_keygen',
        'signed',
        'bad_request_params',
      ]);
      expect(answer.text).toContain('leave it out');
      const items = service.signed.at(-1) ?? [];
      expect(items.map(({ ok }) => ok)).toEqual([true, false, false, false, false, true, false]);
      // Those that go no further are among the rooms too, so that every party meets in the same one.
      const rooms = ['r5', 'r4', 'r3', 'r2', 'r1'];
      expect(items[0]).toMatchObject({ item: { ceremony: { room: 'r5', rooms, position: 0 } } });
      expect(items[5]).toMatchObject({ item: { ceremony: { room: 'r1', rooms, position: 4 } } });
    });

    it('sign in one room, by their order', async () => {
      const key = await generated('bip340');
      const answer = await batch([element(key, 'one'), { key_id: key, msg: 'aa' }, element(key, 'one')]);
      expect(words(answer)).toEqual(['signed', 'bad_request_params', 'signed']);
      const ceremonies = service.signed.at(-1)?.map((item) => (item.ok ? item.item.ceremony : undefined));
      const rooms = ['one', 'one', 'one'];
      expect(ceremonies).toEqual([
        { room: 'one', rooms, position: 0, relay: undefined },
        undefined,
        { room: 'one', rooms, position: 2, relay: undefined },
      ]);
    });

    it('refuse a mixture of rooms, and of relays, as a whole', async () => {
      const key = await generated('bip340');
      expect(errorOf(await batch(['x', 'x', 'y'].map((name) => element(key, name))))).toEqual([
        400,
        'bad_request_params',
        expect.stringContaining('mixed'),
      ]);
      const relays = [element(key, 'x', { relay_address: 'a.example' }), element(key, 'y')];
      expect(errorOf(await batch(relays))).toEqual([400, 'bad_request_params', expect.stringContaining('one relay')]);
    });

    it('have a limit, a shape, and may be empty', async () => {
      expect(outcomeOf(await batch(Array(21).fill({})))).toBe('batch_too_large');
      expect((await batch([])).json).toEqual([]);
      for (const body of [undefined, [], {}, { sign_requests: {} }, { sign_requests: null }, null, 'x', 7])
        expect(outcomeOf(await call('POST', '/bip340/batch-sign', { body: JSON.stringify(body) ?? '' }))).toBe(
          'bad_request_params',
        );
    });

    it('name the party that was missing, and sign the rest', async () => {
      const key = await generated('bip340');
      const answer = await batch([element(key, SILENT_ROOM), element(key, 'here')]);
      expect(answer.json).toEqual([
        { Error: { err_type: 'executor_result', err_msg: 'party 2 did not answer in time' } },
        { Signature: { signature: expect.any(String) } },
      ]);
    });

    it('look each key up once, however it is named', async () => {
      const key = await generated('bip340', call, 'by-name');
      const byName = { key_name: 'by-name', msg: '00' };
      const answer = await batch([element(key, '1'), { ...byName, room_uuid: '2' }, { ...byName, room_uuid: '3' }]);
      expect(words(answer)).toEqual(['signed', 'signed', 'signed']);
    });
  });

  describe('taproot', () => {
    it('is reached under both names of the call and both forms of the member', async () => {
      const key_id = await generated('bip340');
      const root = 'aB'.repeat(32);
      for (const [members, expected] of [
        [{}, '[] undefined'],
        [{ taproot_merkle_root: '' }, '[] '],
        [{ taproot_merkle_root: root }, `[] ${root.toLowerCase()}`],
        [{ tweak: { taproot_merkle_root: root }, derivation_path: [7] }, `[7] ${root.toLowerCase()}`],
      ] as const)
        for (const name of ['derive-tweak-pubkey', 'derive-pubkey'])
          expect((await call('POST', `/bip340/${name}`, { body: { key_id, ...members } })).json).toEqual({
            pubkey: hash('sha256', expected),
          });
      const sign = { key_id, room_uuid: 'r', msg: '', tweak: { taproot_merkle_root: '' } };
      await call('POST', '/bip340/sign', { body: sign });
      expect(service.signed.at(-1)).toMatchObject([{ item: { options: { merkleRoot: new Uint8Array(0) } } }]);
    });

    it('refuses a raw tweak, and any root that is none', async () => {
      const key_id = await generated('bip340');
      for (const members of [
        { tweak: '00'.repeat(32) },
        { tweak: {} },
        { tweak: 5 },
        { tweak: [] },
        { tweak: { taproot_merkle_root: '' }, taproot_merkle_root: '' },
        { taproot_merkle_root: '00' },
        { taproot_merkle_root: 7 },
        { taproot_merkle_root: `0x${'00'.repeat(31)}` },
      ]) {
        const body = { key_id, room_uuid: 'r', msg: '00', ...members };
        const answer = await call('POST', '/bip340/sign', { body });
        expect(errorOf(answer)).toEqual([400, 'bad_request_params', expect.stringContaining('taproot_merkle_root')]);
        expect(outcomeOf(await call('POST', '/bip340/derive-tweak-pubkey', { body }))).toBe('bad_request_params');
      }
    });

    it('is nothing for ed25519, and is not passed over there', async () => {
      const key_id = await generated('ed25519');
      for (const members of [{ taproot_merkle_root: '' }, { tweak: { taproot_merkle_root: '' } }, { tweak: '00' }]) {
        const body = { key_id, room_uuid: 'r', msg: '00', ...members };
        expect(outcomeOf(await call('POST', '/ed25519/sign', { body }))).toBe('bad_request_params');
        expect(outcomeOf(await call('POST', '/ed25519/derive-pubkey', { body }))).toBe('bad_request_params');
      }
      expect(outcomeOf(await call('POST', '/ed25519/derive-tweak-pubkey', { body: { key_id } }))).toBe('not_found');
    });
  });

  it('wipes an imported private key when the call ends, also when it fails', async () => {
    const body = { private_key: '07'.repeat(32), room_uuid: await room(), keygen_ids: ['a', 'b'], threshold: 2 };
    await call('POST', '/bip340/import/key-importer', { body });
    expect(service.imported.at(-1)).toEqual(new Uint8Array(32));
  });

  it('has the words of the reference for what goes wrong around a key', async () => {
    const key_id = await created('bip340');
    const keygen = { key_id, room_uuid: 'r', others_keygen_ids: ['b', 'c'] };
    for (const [num_parties, threshold] of [
      [3, 4],
      [3, 0],
      [0, 0],
      [1, 1],
      [21, 2],
      [2, 2],
      [65535, 1],
    ])
      expect([
        num_parties,
        outcomeOf(await call('POST', '/bip340/keygen', { body: { ...keygen, num_parties, threshold } })),
      ]).toEqual([num_parties, 'bad_n_and_t_params']);
    for (const num_parties of [-1, 65536, 2.5, '3', null, true])
      expect(outcomeOf(await call('POST', '/bip340/keygen', { body: { ...keygen, num_parties, threshold: 2 } }))).toBe(
        'bad_request_params',
      );
    const reshare = { key_id, room_uuid: 'r', keygen_ids: ['b'], new_threshold: 3, old_threshold: 1 };
    expect(outcomeOf(await call('POST', '/bip340/reshare/new-party', { body: reshare }))).toBe('bad_n_and_t_params');
    expect(
      outcomeOf(
        await call('POST', '/bip340/reshare/new-party', { body: { ...reshare, new_threshold: 2, old_threshold: 0 } }),
      ),
    ).toBe('bad_n_and_t_params');
    const silent = { ...keygen, room_uuid: SILENT_ROOM, num_parties: 3, threshold: 2 };
    expect(errorOf(await call('POST', '/bip340/keygen', { body: silent }))).toEqual([
      400,
      'executor_result',
      'party 2 did not answer in time',
    ]);
    expect(outcomeOf(await call('GET', '/bip340/create?key_name=unique'))).toBe(200);
    expect(outcomeOf(await call('POST', '/bip340/create', { body: { key_name: 'unique' } }))).toBe('unique_violation');
  });

  it('answers for what is off on this server', async () => {
    const closed = await startVertexService({ allowFullExport: false, allowShareBackup: false });
    try {
      const { apiKey } = await closed.addUser();
      const onClosed = vertexClient(closed.server, { apiKey });
      const key_id = await generated('ed25519', onClosed);
      expect(outcomeOf(await onClosed('GET', `/ed25519/backup/export-key-share/${key_id}`))).toBe(
        'server_share_backup_setting_disabled',
      );
      const body = { key_id, room_uuid: 'r', export_to: 'b' };
      expect(errorOf(await onClosed('POST', '/ed25519/export/full', { body }))).toEqual([
        400,
        'policy_validation_failed',
        expect.stringContaining('--allow-full-export'),
      ]);
    } finally {
      await closed.close();
    }
  });

  it('keeps a key to the user who made it', async () => {
    const key_id = await generated('bip340', call, 'mine');
    const { apiKey } = await service.addUser();
    const other = vertexClient(service.server, { apiKey });
    const body = { room_uuid: 'r', msg: '00' };
    for (const key of [{ key_id }, { key_name: 'mine' }])
      expect(outcomeOf(await other('POST', '/bip340/sign', { body: { ...body, ...key } }))).toBe('key_id_not_exists');
  });

  it.each(['GET', 'POST'])('makes keys, users and API keys by %s', async (method) => {
    const request = (path: string, members: Record<string, string>, by: VertexCall) =>
      method === 'GET' ? by('GET', `${path}?${new URLSearchParams(members)}`) : by('POST', path, { body: members });
    expect(outcomeOf(await request('/ed25519/create', { key_name: `by ${method}` }, call))).toBe(200);
    const made = await request('/admin/create-user', { name: `by ${method}` }, admin);
    const user_id = member(made, 'user_id');
    const apiKey = member(await request('/admin/generate-api-key', { user_id }, admin), 'api_key');
    for (const key of [apiKey, member(made, 'api_key')])
      expect(outcomeOf(await call(method, '/ed25519/create', { apiKey: key }))).toBe(200);
  });

  describe('for the administrator', () => {
    it('makes and ends users and their API keys', async () => {
      expect(outcomeOf(await admin('GET', '/admin/create-user?name=desk1'))).toBe('user_name_already_exists');
      expect(outcomeOf(await admin('GET', '/admin/create-user?name=a&label=b'))).toBe('bad_request_params');
      const made = await admin('GET', '/admin/create-user?label=desk2');
      const [apiKey, user_id] = [member(made, 'api_key'), member(made, 'user_id')];
      const { users } = (await admin('GET', '/admin/list-all-users')).json as { users: object[] };
      expect(users).toContainEqual({ user_id, name: 'desk2', api_keys: 1 });
      const desk2 = vertexClient(service.server, { apiKey });
      const key_id = await created('bip340', desk2);
      expect(outcomeOf(await admin('DELETE', `/admin/delete-user?user_id=${user_id}`))).toBe(
        'user_has_associated_keys',
      );
      expect((await admin('GET', `/admin/list-all-user-keys?user_id=${user_id}`)).json).toEqual({
        keys: [{ key_id, type: 'NotInititalizedYet' }],
      });
      expect(outcomeOf(await desk2('DELETE', `/bip340/delete-key-share/${key_id}`))).toBe(200);
      expect((await admin('DELETE', '/admin/revoke-api-key', { body: { api_key: apiKey } })).json).toEqual({});
      expect(outcomeOf(await desk2('GET', '/bip340/create'))).toBe('access_denied');
      const again = `/admin/revoke-api-key?api_key=${encodeURIComponent(apiKey)}`;
      expect(outcomeOf(await admin('DELETE', again))).toBe('api_key_not_found');
      expect((await admin('DELETE', `/admin/delete-user?user_id=${user_id}`)).json).toEqual({});
      for (const [method, path] of [
        ['DELETE', 'delete-user'],
        ['GET', 'generate-api-key'],
        ['GET', 'list-all-user-keys'],
      ] as const)
        expect([path, outcomeOf(await admin(method, `/admin/${path}?user_id=${user_id}`))]).toEqual([
          path,
          'user_id_not_exists',
        ]);
    });

    it('lists keys by user, whole or in pages', async () => {
      const key_id = await generated('ed25519', call, 'listed');
      const { keys_by_user } = (await admin('GET', '/admin/list-all-system-keys')).json as {
        keys_by_user: Record<string, { key_id: string }[]>;
      };
      expect(keys_by_user[user.userId]).toContainEqual({ key_id, key_name: 'listed', type: 'Ed25519' });
      const all = ((await admin('GET', `/admin/list-all-user-keys?user_id=${user.userId}`)).json as { keys: object[] })
        .keys as { key_id: string }[];
      expect(all.length).toBeGreaterThan(2);
      const paged: { key_id: string }[] = [];
      for (let after = ''; ; ) {
        const query = `user_id=${user.userId}&limit=2${after}`;
        const page = (await admin('GET', `/admin/list-all-user-keys?${query}`)).json as { keys: { key_id: string }[] };
        if (page.keys.length === 0) break;
        expect(page.keys.length).toBeLessThanOrEqual(2);
        paged.push(...page.keys);
        after = `&after=${page.keys.at(-1)?.key_id}`;
      }
      expect(paged).toEqual(all);
    });

    it('has rules and policies from beginning to end', async () => {
      const pubkey = (await call('GET', '/identity-pubkey')).text;
      number += 1;
      const rule = { name: `rule ${number}`, url: REFUSING_URL, pubkey, jwt_alg: 'ES256' };
      const post = (path: string, body: object) => admin('POST', `/admin/policies/${path}`, { body });
      const rule_id = member(await post('add-external-rule', rule), 'rule_id');
      expect(outcomeOf(await post('add-external-rule', rule))).toBe('unique_violation');
      expect(outcomeOf(await post('add-external-rule', { ...rule, name: 'x', url: 'http://x' }))).toBe(
        'bad_request_params',
      );
      expect(outcomeOf(await post('add-external-rule', { ...rule, name: 'x', jwt_alg: 'none' }))).toBe(
        'bad_request_params',
      );
      const { rules } = (await admin('GET', '/admin/policies/list-all-rules')).json as { rules: object[] };
      expect(rules).toContainEqual({ rule_id, type: 'External', ...rule });

      const policy_id = member(await post('create-policy', { name: 'refuses', rules: [rule_id] }), 'policy_id');
      expect(outcomeOf(await post('create-policy', { name: 'refuses', rules: [] }))).toBe('unique_violation');
      expect(outcomeOf(await post('create-policy', { name: 'x', rules: [NO_KEY] }))).toBe('rule_not_found');
      const { policies } = (await admin('GET', '/admin/policies/list-all-policies')).json as { policies: object[] };
      expect(policies).toContainEqual({ policy_id, name: 'refuses', rules: [rule_id] });

      const key_id = await generated('bip340', call, 'guarded');
      const sign = async () =>
        outcomeOf(await call('POST', '/bip340/sign', { body: { key_id, room_uuid: 'r', msg: '00' } }));
      const effective = async () =>
        (await admin('GET', `/admin/policies/get-effective-key-policy?key_id=${key_id}`)).json;
      expect(await effective()).toBe('none');
      expect(await sign()).toBe(200);
      expect(await post('attach-policy-to-key', { policy_name: 'refuses', key_name: 'guarded' })).toMatchObject({
        json: {},
      });
      const attached = { policy_id, name: 'refuses', rules: [{ rule_id, type: 'External', ...rule }] };
      expect(await effective()).toEqual({ attached: { ...attached, origin: 'key' } });
      expect(await sign()).toBe('policy_validation_failed');

      const inUse = (path: string) => admin('DELETE', `/admin/policies/${path}`);
      expect(outcomeOf(await inUse(`delete-rule?rule_id=${rule_id}`))).toBe('rule_in_use');
      expect(outcomeOf(await inUse(`delete-policy?policy_id=${policy_id}`))).toBe('policy_in_use_by_keys');
      expect((await post('detach-policy-from-key', { key_id })).json).toEqual({});
      expect(outcomeOf(await post('detach-policy-from-key', { key_id }))).toBe('policy_not_found');
      expect((await post('attach-policy-to-user', { policy_id, user_name: 'desk1' })).json).toEqual({});
      expect(await effective()).toEqual({ attached: { ...attached, origin: 'user_default' } });
      expect(outcomeOf(await inUse('delete-policy?policy_name=refuses'))).toBe('policy_in_use_by_users');
      expect((await post('detach-policy-from-user', { policy_id, user_id: user.userId })).json).toEqual({});
      expect(await sign()).toBe(200);

      expect((await post('remove-rule-from-policy', { policy_id, rule_id })).json).toEqual({});
      expect(outcomeOf(await post('remove-rule-from-policy', { policy_id, rule_id }))).toBe('rule_not_in_policy');
      expect((await inUse(`delete-rule?rule_id=${rule_id}`)).json).toEqual({});
      expect(outcomeOf(await inUse(`delete-rule?rule_id=${rule_id}`))).toBe('rule_not_found');
      expect((await inUse(`delete-policy?policy_id=${policy_id}`)).json).toEqual({});
      expect(outcomeOf(await inUse(`delete-policy?policy_id=${policy_id}`))).toBe('policy_not_found');
      expect(outcomeOf(await post('attach-policy-to-user', { policy_id, user_id: user.userId }))).toBe(
        'policy_not_found',
      );
      expect(outcomeOf(await post('attach-policy-to-key', { policy_id, policy_name: 'x', key_id }))).toBe(
        'bad_request_params',
      );
    });
  });

  it('says who it is to anybody', async () => {
    const nobody = vertexClient(service.server);
    expect(await nobody('GET', '/identity-pubkey')).toMatchObject({
      status: 200,
      contentType: 'text/plain; charset=utf-8',
      text: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/),
    });
    expect((await nobody('GET', '/cluster/persistent-keygen-id')).json).toEqual({ keygen_id: 'keygen-of-this-server' });
    expect((await nobody('GET', '/version')).json).toEqual({ version: serverPackage.version });
  });

  it.each([
    'ecdsa/sign',
    'ecdsa/batch-sign',
    'ecdsa/keygen',
    'ecdsa/derive-pubkey',
    'ecdsa/reshare/new-party',
    'ecdsa/import/key-importer',
    'cluster/ecdsa/keygen',
    'hmac-sha256/sign',
    'cluster/hmac-sha256/import-secret-share',
  ])('says that %s is not supported yet', async (path) => {
    const answer = await call('POST', `/${path}`, { body: { key_id: 'anything' } });
    expect(errorOf(answer)).toEqual([400, 'bad_request_params', expect.stringContaining('not supported yet')]);
  });

  it('takes the key as it is, in AUTHORIZATION, and no other', async () => {
    const attempt = async (authorization: string) =>
      errorOf(
        await vertexClient(service.server)('GET', '/bip340/create', { headers: { AUTHORIZATION: authorization } }),
      );
    expect(await attempt(`Bearer ${user.apiKey}`)).toEqual([401, 'access_denied', expect.stringContaining('Bearer')]);
    expect(await attempt(`${user.apiKey}x`)).toEqual([401, 'access_denied', 'the API key is not valid']);
    expect(errorOf(await call('GET', '/bip340/create', { apiKey: service.adminKey }))).toEqual([
      401,
      'access_denied',
      expect.stringContaining("administrator's key"),
    ]);
    expect(outcomeOf(await call('GET', '/admin/list-all-users'))).toBe('you_have_to_be_admin');
  });

  it.each(
    ENDPOINTS.filter(({ authentication }) => authentication !== 'none').map(({ method, path }) => [method, path]),
  )('%s %s looks at who calls before it looks at what was sent', async (method, path) => {
    const [wrong, errType] = path.startsWith('/admin/') ? [call, 'you_have_to_be_admin'] : [admin, 'access_denied'];
    expect(outcomeOf(await wrong(method, path, { ...(method !== 'GET' && { body: { key_id: 7 } }) }))).toBe(errType);
  });

  it('answers in its own shape for what never reaches a call', async () => {
    for (const [method, path] of [
      ['GET', '/bip340/nothing'],
      ['GET', '/bip340'],
      ['PUT', '/bip340/sign'],
      ['GET', '/admin/nothing'],
      ['GET', '/cluster'],
      ['POST', '/create-room/x'],
    ] as const)
      expect([path, outcomeOf(await call(method, path))]).toEqual([path, 'not_found']);
    // Written with escapes it is the same path.
    const nobody = vertexClient(service.server);
    for (const path of ['/%62ip340/create', '/bip340/cre%61te', '/%61dmin/list-all-users'])
      expect([path, outcomeOf(await nobody('GET', path))]).toEqual([path, 'access_denied']);
    expect(outcomeOf(await call('POST', '/%62ip340/sign', { body: '{' }))).toBe('bad_request_params');
    const large = `"${'x'.repeat(600_000)}"`;
    expect(outcomeOf(await call('POST', '/bip340/sign', { body: large }))).toBe('bad_request_params');
    expect(outcomeOf(await call('POST', '/bip340/sign', { body: '{' }))).toBe('bad_request_params');
  });
});
