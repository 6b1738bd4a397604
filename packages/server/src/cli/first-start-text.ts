/**
 * What the first start prints: the administrator's API key, which is shown this once, and two lines for a shell that
 * create a key and sign a batch with it.
 */
export interface FirstStart {
  /** Undefined where the operator chose the key, and so knows it. */
  readonly apiKey: string | undefined;
  readonly groupId: string;
}

/** Reads what the HTTP process reported; undefined where it reported nothing, as on every later start. */
export function readFirstStart(report: unknown): FirstStart | undefined {
  if (typeof report !== 'object' || report === null || !('groupId' in report) || !('apiKey' in report))
    return undefined;
  const { groupId, apiKey } = report;
  if (typeof groupId !== 'string') return undefined;
  return { groupId, apiKey: typeof apiKey === 'string' ? apiKey : undefined };
}

/** @param address as the HTTP process listens, such as `http://127.0.0.1:8080` */
export function firstStartText(address: string, { apiKey, groupId }: FirstStart): string {
  const authorization = apiKey === undefined ? 'Basic $COUNTERSIGN_BOOTSTRAP_KEY' : `Basic ${apiKey}`;
  const key = {
    name: 'my first key',
    obj_type: 'EC',
    elliptic_curve: 'NistP256',
    key_ops: ['SIGN', 'VERIFY'],
    group_id: groupId,
  };
  const batch = ['aGVsbG8=', 'd29ybGQ='].map((data) => ({ key: { name: key.name }, hash_alg: 'SHA256', data }));
  const curl = (path: string, body: unknown): string =>
    `curl -sS${address.includes('[') ? 'g' : ''} -H "Authorization: ${authorization}" -H 'Content-Type: application/json' -d '${JSON.stringify(body)}' ${address}${path}\n`;
  return [
    'This is the first start on this data folder.\n\n',
    apiKey === undefined
      ? "The administrator's API key is the one that you gave.\n"
      : `The administrator's API key, shown this once:\n\n${apiKey}\n`,
    '\nCreate a P-256 key:\n\n',
    curl('/crypto/v1/keys', key),
    '\nSign a batch of two messages with it:\n\n',
    curl('/crypto/v1/keys/batch/sign', batch),
    '\n',
  ].join('');
}
