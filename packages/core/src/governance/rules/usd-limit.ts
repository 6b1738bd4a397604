/** A limit in US dollars as a configuration has it, and windows of time. */
import type { JsonValue } from '@countersign/chains/chain';
import { memberOf } from './exact-members.ts';

/**
 * Eleven digits before the point: a hundred of the largest amounts, in millionths, still add up within the 63 bits of a
 * database's integer.
 */
const USD = /^(\d{1,11})(?:\.(\d{1,6}))?$/;
const MAX_WINDOW_MINUTES = 43_200;

/** Millionths of a US dollar; undefined for anything but up to 11 digits, and up to 6 after a point. */
export function parseUsdMicros(text: JsonValue | undefined): bigint | undefined {
  if (typeof text !== 'string') return undefined;
  const match = USD.exec(text);
  if (match === null) return undefined;
  return BigInt(match[1] ?? '') * 1_000_000n + BigInt((match[2] ?? '').padEnd(6, '0'));
}

/** In decimal, without zeros that mean nothing. */
export function formatUsdMicros(micros: bigint): string {
  const fraction = (micros % 1_000_000n).toString().padStart(6, '0').replace(/0+$/, '');
  const whole = (micros / 1_000_000n).toString();
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

export type ParsedLimit =
  | { readonly ok: true; readonly value: { readonly limitUsd: string; readonly currency: 'USD' } }
  | { readonly ok: false; readonly reason: string };

/** `limitUsd` and `currency`, in canonical form. */
export function parseUsdLimit(members: { readonly [member: string]: JsonValue }): ParsedLimit {
  const micros = parseUsdMicros(memberOf(members, 'limitUsd'));
  if (micros === undefined)
    return { ok: false, reason: 'limitUsd must be a decimal number in a string, such as "1500.50", below 10^11' };
  if ((memberOf(members, 'currency') ?? 'USD') !== 'USD') return { ok: false, reason: 'currency must be USD' };
  return { ok: true, value: { limitUsd: formatUsdMicros(micros), currency: 'USD' } };
}

/** 1 to 43,200 (30 days). */
export function isWindowMinutes(value: JsonValue | undefined): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_WINDOW_MINUTES;
}

export const WINDOW_REASON = `windowMinutes must be a whole number from 1 to ${MAX_WINDOW_MINUTES}`;

/** What a rule finds in a configuration that was parsed before it was stored. */
export function storedMember(configuration: JsonValue, name: string): JsonValue | undefined {
  return typeof configuration === 'object' && configuration !== null && !Array.isArray(configuration)
    ? memberOf(configuration as { readonly [member: string]: JsonValue }, name)
    : undefined;
}
