import type { Key } from '@countersign/client/keys';
import { columns, printable } from './printable.ts';

/** All that people ask about a key. */
export function keyText(key: Key): string {
  const facts: (readonly [string, string | undefined])[] = [
    ['id', key.id],
    ['name', key.name],
    ['algorithm', `${key.algorithm}${parametersText(key)}`],
    ['custody', key.custody],
    ['operations', key.operations.join(', ')],
    ['state', key.enabled ? key.state : `${key.state}, disabled`],
    ['exportable', key.exportable ? 'yes' : 'no'],
    ['child of', key.derivedFrom && `${key.derivedFrom.keyId} at ${key.derivedFrom.path}`],
    ['group', key.groupId],
    ['made', `${key.createdAt} by ${key.createdBy}`],
    ['last used', key.lastUsedAt],
    ['public key', key.publicKeyPem === undefined ? `${key.publicKey} (base64)` : undefined],
  ];
  const table = columns(facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
  const pem = (key.publicKeyPem ?? '').split('\n').map(printable).join('\n');
  return `${table}${pem}`;
}

export const KEY_HEADINGS: readonly string[] = ['ID', 'NAME', 'ALGORITHM', 'CUSTODY', 'STATE'];

export function keyRow(key: Key): readonly string[] {
  const state = key.enabled ? key.state : 'disabled';
  return [key.id, key.name ?? '', `${key.algorithm}${parametersText(key)}`, key.custody, state];
}

function parametersText({ parameters }: Key): string {
  const texts = Object.entries(parameters).map(([name, value]) => `${name}=${value}`);
  return texts.length === 0 ? '' : ` (${texts.join(', ')})`;
}
