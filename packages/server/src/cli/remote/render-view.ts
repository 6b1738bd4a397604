/** What a payload means, for people who decide on it. */
import { printable } from './printable.ts';

/** The members that are shown; a view of a newer service may have more. */
interface ShownView {
  readonly kind?: unknown;
  readonly chain?: unknown;
  readonly format?: unknown;
  readonly network?: unknown;
  readonly transfers?: unknown;
  readonly calls?: unknown;
  readonly fee?: unknown;
  readonly memo?: unknown;
  readonly complete?: unknown;
  readonly warnings?: unknown;
}

/** Lines without their ends. */
export function viewLines(view: unknown): readonly string[] {
  const shown: ShownView = typeof view === 'object' && view !== null ? view : {};
  if (shown.kind !== 'decoded')
    return ['OPAQUE: the service does not know what these bytes mean. Compare them with what you were told.'];
  return [
    `${text(shown.chain)} ${text(shown.format)}${shown.network === undefined ? '' : ` on network ${text(shown.network)}`}`,
    ...list(shown.transfers).map(transferLine),
    ...list(shown.calls).map(callLine),
    ...(shown.fee === undefined ? [] : [`fee at most ${text(shown.fee)}`]),
    ...(shown.memo === undefined ? [] : [`says: ${text(shown.memo)}`]),
    ...list(shown.warnings).map((warning) => `WARNING: ${text(warning)}`),
    ...(shown.complete === true ? [] : ['WARNING: the signature may move more than what is listed here.']),
  ];
}

function transferLine(transfer: unknown): string {
  const { effect, asset, from, to, amount } = transfer as Readonly<Record<string, unknown>>;
  const { kind, contract, tokenId } = (asset ?? {}) as Readonly<Record<string, unknown>>;
  const what =
    kind === 'native'
      ? 'of the native asset'
      : `of token ${text(contract)}${tokenId === undefined ? '' : ` no. ${text(tokenId)}`}`;
  const source = from === undefined ? '' : ` from ${text(from)}`;
  return `${effect === 'allowance' ? 'ALLOWS' : 'transfers'} ${text(amount)} units ${what}${source} to ${text(to)}`;
}

function callLine(call: unknown): string {
  const { to, selector, signature, dataBytes } = call as Readonly<Record<string, unknown>>;
  const where = to === undefined ? 'deploys a contract' : `calls ${text(to)}`;
  const what = signature ?? selector;
  return `${where}${what === undefined ? '' : `, ${text(what)}`}, ${text(dataBytes)} bytes of data`;
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

function text(value: unknown): string {
  return printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}
