/** Readers of single values. Each returns the value, or the end of a sentence that starts with the setting's name. */
import { isIPv6 } from 'node:net';
import type { ParsedSetting } from './setting.ts';

export interface ListenAddress {
  /** Without brackets. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

const refused = (problem: string): { readonly ok: false; readonly problem: string } => ({ ok: false, problem });

/** Any text from 1 to 4096 characters without control characters. */
export function text(value: string): ParsedSetting<string> {
  if (value === '') return refused('must not be empty');
  if (value.length > 4096) return refused('is longer than 4096 characters');
  for (const character of value) if (character < ' ') return refused('contains a control character');
  return { ok: true, value };
}

/** A switch: `true` or `false`. */
export function onOff(value: string): ParsedSetting<boolean> {
  if (value === 'true') return { ok: true, value: true };
  if (value === 'false') return { ok: true, value: false };
  return refused('must be true or false');
}

/** A whole number in decimal digits, both ends included. */
export function wholeNumber(least: number, most: number): (value: string) => ParsedSetting<number> {
  return (value) => {
    const number = /^[0-9]{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= least && number <= most) return { ok: true, value: number };
    return refused(`must be a whole number from ${least} to ${most}`);
  };
}

/** One word of a closed list. */
export function oneOf<const Word extends string>(words: readonly Word[]): (value: string) => ParsedSetting<Word> {
  return (value) => {
    const word = words.find((candidate) => candidate === value);
    return word === undefined ? refused(`must be one of ${words.join(', ')}`) : { ok: true, value: word };
  };
}

/** `127.0.0.1:8080`, `[::1]:8080`, `localhost:0`. */
export function listenAddress(value: string): ParsedSetting<ListenAddress> {
  const match = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([A-Za-z0-9.-]{1,253})):([0-9]{1,5})$/.exec(value);
  const [, bracketed, plain, digits] = match ?? [];
  const port = Number(digits);
  const host = bracketed ?? plain;
  if (host === undefined || port > 65_535 || (bracketed !== undefined && !isIPv6(bracketed)))
    return refused('must be ADDRESS:PORT, for example 127.0.0.1:8080 or [::1]:8080');
  return { ok: true, value: { host, port } };
}

/** Wraps a reader of required values for a setting that may be absent. */
export function optional<T>(
  parse: (value: string) => ParsedSetting<T>,
): (value: string) => ParsedSetting<T | undefined> {
  return parse;
}
