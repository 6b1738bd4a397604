/**
 * A transient key is its record, handed to the caller and authenticated with a key of the session: the server keeps
 * nothing, and no other session can use it. The private half inside is the sealed key, as in a stored row.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyRecord } from './key-record.ts';

const TAG_BYTES = 32;
const MAX_BYTES = 64 * 1024;
const BINARY_MEMBERS = ['publicKey', 'sealed'] as const;

/** Record, then HMAC-SHA256 (32 bytes) under the session's binding key. */
export function sealTransientKey(bindingKey: Uint8Array, key: KeyRecord): Uint8Array {
  const body = Buffer.from(
    JSON.stringify({
      ...key,
      publicKey: Buffer.from(key.publicKey).toString('base64'),
      sealed: key.sealed === undefined ? undefined : Buffer.from(key.sealed).toString('base64'),
    }),
  );
  return Buffer.concat([body, tagOf(bindingKey, body)]);
}

/** The record, or undefined for anything that this session wasn't given. */
export function openTransientKey(bindingKey: Uint8Array, blob: Uint8Array): KeyRecord | undefined {
  if (blob.length <= TAG_BYTES || blob.length > MAX_BYTES) return undefined;
  const body = blob.subarray(0, blob.length - TAG_BYTES);
  if (!timingSafeEqual(tagOf(bindingKey, body), blob.subarray(blob.length - TAG_BYTES))) return undefined;
  // Only our own bytes come past the tag, so the shape needs no second check.
  const members = JSON.parse(Buffer.from(body).toString('utf8')) as KeyRecord & Record<string, unknown>;
  for (const member of BINARY_MEMBERS) {
    const text = members[member];
    if (typeof text === 'string') Object.assign(members, { [member]: new Uint8Array(Buffer.from(text, 'base64')) });
  }
  return members;
}

function tagOf(bindingKey: Uint8Array, body: Uint8Array): Uint8Array {
  return createHmac('sha256', bindingKey).update(body).digest();
}
