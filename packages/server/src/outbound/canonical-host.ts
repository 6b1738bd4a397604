const MAX_CHARACTERS = 254;
const NAME_OR_BRACKETS = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?$|^\[[0-9A-Fa-f:.]{2,45}\]$/;

/**
 * A host as it will be called: lower case, without brackets or a dot at the end, and every spelling of an IPv4 address
 * (`0x7f.1`, `2130706433`, `0177.0.0.1`) as four decimal numbers. Undefined for what is no host. Takes IPv6 addresses
 * with and without brackets.
 */
export function canonicalHost(text: string): string | undefined {
  const bracketed = text.includes(':') && !text.startsWith('[') ? `[${text}]` : text;
  if (bracketed.length > MAX_CHARACTERS || !NAME_OR_BRACKETS.test(bracketed)) return undefined;
  const url = URL.parse(`http://${bracketed}/`);
  if (url === null || url.hostname === '') return undefined;
  const host = url.hostname.replace(/^\[|\]$|\.$/g, '');
  return host === '' ? undefined : host;
}
