/** Three servers as parties of threshold keys, each spoken to through its own API: nothing here knows their shares. */
import { expectText, type VertexAnswer, type VertexClient } from './vertex-client.ts';

export type ThresholdScheme = 'bip340' | 'ed25519';

export interface Party {
  /** One letter. */
  readonly name: string;
  readonly admin: VertexClient;
  readonly user: VertexClient;
}

export interface ThresholdKey {
  readonly scheme: ThresholdScheme;
  /** Each party's own id of it, in the order of the parties. */
  readonly keyIds: readonly string[];
  /** 32 bytes, the same on all. */
  readonly publicKey: Buffer;
}

/** What one party answered to one element. */
export type SignOutcome = { readonly signature: Buffer } | { readonly errType: string; readonly errMsg: string };

/** The party of a server, with a user that it makes there. */
export async function createParty(name: string, admin: VertexClient): Promise<Party> {
  const created = await admin.call('POST', '/admin/create-user', { name: 'desk' });
  return { name, admin, user: admin.as(expectText(created, 'api_key')) };
}

export async function createRoom(party: Party, size: number): Promise<string> {
  return expectText(await party.user.call('POST', '/create-room', { room_size: size }), 'room_uuid');
}

/** A key of all parties, of which `threshold` sign. @throws Error where they don't agree on what they made */
export async function generateKey(
  parties: readonly Party[],
  threshold: number,
  scheme: ThresholdScheme,
): Promise<ThresholdKey> {
  const created = await Promise.all(parties.map((party) => party.user.call('POST', `/${scheme}/create`, {})));
  const keyIds = created.map((answer) => expectText(answer, 'key_id'));
  const keygenIds = created.map((answer) => expectText(answer, 'keygen_id'));
  const room = await createRoom(first(parties), parties.length);
  const generated = await Promise.all(
    parties.map((party, place) =>
      party.user.call('POST', `/${scheme}/keygen`, {
        room_uuid: room,
        key_id: keyIds[place],
        num_parties: parties.length,
        threshold,
        others_keygen_ids: keygenIds.filter((_, other) => other !== place),
      }),
    ),
  );
  // The caller told each server who the others are. That all were told the same shows in this hash.
  onlyOne(
    'params_hash',
    generated.map((answer) => expectText(answer, 'params_hash')),
  );
  return { scheme, keyIds, publicKey: await readPublicKey(parties, scheme, keyIds) };
}

/** New shares of the same key, under new ids. @throws Error unless all parties have theirs */
export async function refreshKey(parties: readonly Party[], key: ThresholdKey): Promise<ThresholdKey> {
  const room = await createRoom(first(parties), parties.length);
  const answers = await Promise.all(
    parties.map((party, place) =>
      party.user.call('POST', `/${key.scheme}/refresh`, { room_uuid: room, key_id: key.keyIds[place] }),
    ),
  );
  const keyIds = answers.map((answer) => expectText(answer, 'key_id'));
  return { scheme: key.scheme, keyIds, publicKey: await readPublicKey(parties, key.scheme, keyIds) };
}

/**
 * The same messages to some of the parties, each in its own call.
 * @param places of the parties that sign
 * @param rooms one for all messages, or one for each
 * @returns each party's outcomes, in the order of the messages
 */
export async function signTogether(
  parties: readonly Party[],
  key: ThresholdKey,
  places: readonly number[],
  messages: readonly string[],
  rooms: readonly string[],
): Promise<readonly (readonly SignOutcome[])[]> {
  return Promise.all(
    places.map(async (place) => {
      const requests = messages.map((message, index) => ({
        room_uuid: rooms[index] ?? rooms[0],
        key_id: key.keyIds[place],
        msg: Buffer.from(message).toString('hex'),
      }));
      const [only] = requests;
      const { user } = at(parties, place);
      if (requests.length === 1) return [singleOutcome(await user.call('POST', `/${key.scheme}/sign`, only))];
      return batchOutcomes(
        await user.call('POST', `/${key.scheme}/batch-sign`, { sign_requests: requests }),
        requests.length,
      );
    }),
  );
}

/** The rule on every server, and a policy with it on each one's share of every key. */
export async function attachRule(
  parties: readonly Party[],
  keys: readonly ThresholdKey[],
  url: string,
  publicKeyPem: string,
): Promise<void> {
  await Promise.all(
    parties.map(async ({ admin }, place) => {
      const rule = { name: 'payments', url, pubkey: publicKeyPem, jwt_alg: 'ES256' };
      const ruleId = expectText(await admin.call('POST', '/admin/policies/add-external-rule', rule), 'rule_id');
      const policy = { name: 'payments', rules: [ruleId] };
      const policyId = expectText(await admin.call('POST', '/admin/policies/create-policy', policy), 'policy_id');
      for (const { keyIds } of keys) {
        const body = { policy_id: policyId, key_id: keyIds[place] };
        const { status, text } = await admin.call('POST', '/admin/policies/attach-policy-to-key', body);
        if (status !== 200) throw new Error(`the policy wasn't attached: ${status} ${text}`);
      }
    }),
  );
}

async function readPublicKey(
  parties: readonly Party[],
  scheme: ThresholdScheme,
  keyIds: readonly string[],
): Promise<Buffer> {
  const answers = await Promise.all(
    parties.map((party, place) =>
      party.user.call('POST', `/${scheme}/derive-pubkey`, { key_id: keyIds[place], derivation_path: [] }),
    ),
  );
  const publicKey = onlyOne(
    'pubkey',
    answers.map((answer) => expectText(answer, 'pubkey')),
  );
  return Buffer.from(publicKey, 'hex');
}

function singleOutcome(answer: VertexAnswer): SignOutcome {
  return answer.status === 200
    ? { signature: Buffer.from(expectText(answer, 'signature'), 'hex') }
    : errorOutcome(answer.body, answer.text);
}

function batchOutcomes({ status, body, text }: VertexAnswer, count: number): readonly SignOutcome[] {
  if (status !== 200 || !Array.isArray(body) || body.length !== count)
    throw new Error(`the batch was answered with ${status}: ${text.slice(0, 400)}`);
  return (body as readonly Readonly<Record<string, Readonly<Record<string, unknown>>>>[]).map((element) => {
    const signature = element['Signature']?.['signature'];
    return typeof signature === 'string'
      ? { signature: Buffer.from(signature, 'hex') }
      : errorOutcome(element['Error'] ?? {}, JSON.stringify(element));
  });
}

function errorOutcome(error: Readonly<Record<string, unknown>>, text: string): SignOutcome {
  const { err_type: errType, err_msg: errMsg } = error;
  if (typeof errType !== 'string' || typeof errMsg !== 'string') throw new Error(`not an answer: ${text}`);
  return { errType, errMsg };
}

function onlyOne(what: string, values: readonly string[]): string {
  const [value, ...others] = [...new Set(values)];
  if (value === undefined || others.length > 0)
    throw new Error(`the parties don't agree on ${what}: ${values.join(', ')}`);
  return value;
}

function first(parties: readonly Party[]): Party {
  return at(parties, 0);
}

function at(parties: readonly Party[], place: number): Party {
  const party = parties[place];
  if (party === undefined) throw new RangeError(`no party ${place}`);
  return party;
}
