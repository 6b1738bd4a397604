import type { SignatureRequest } from '@countersign/client/requests';
import { columns, printable } from './printable.ts';
import { viewLines } from './render-view.ts';

export function requestText(request: SignatureRequest): string {
  const facts: (readonly [string, string | undefined])[] = [
    ['id', request.id],
    ['status', request.reason === undefined ? request.status : `${request.status}: ${request.reason}`],
    ['key', request.keyId],
    ['wallet', request.walletId],
    ['requester', `${request.requesterId} through ${request.dialect}`],
    ['external id', request.externalId],
    ['made', request.createdAt],
    ['approval', request.approvalId],
    ['digest', request.digest],
    ['transaction', request.confirmation?.transactionHash],
    ...request.signatures.map(({ signature }): readonly [string, string] => ['signature', signature]),
    ['signed data', request.signedData],
  ];
  return (
    columns(facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))) +
    requestMeaning(request)
      .map((line) => `  ${line}\n`)
      .join('')
  );
}

/** What it would sign: the bytes as they were given where nothing is known about them. */
export function requestMeaning({ view, content }: SignatureRequest): readonly string[] {
  const lines = viewLines(view);
  const { digest, message } = (content ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof digest === 'string') return [...lines, `digest ${hexOf(digest)}`];
  if (typeof message === 'string') return [...lines, messageLine(message)];
  return lines;
}

function messageLine(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  const readable = bytes.toString('utf8');
  const isText = Buffer.from(readable, 'utf8').equals(bytes) && printable(readable) === readable;
  return isText && readable.length <= 4_096
    ? `message "${readable}"`
    : `message of ${bytes.length} bytes: ${base64.slice(0, 200)}`;
}

function hexOf(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}

export function requestRow({ id, status, keyId, createdAt, requesterId }: SignatureRequest): readonly string[] {
  return [id, status, keyId, requesterId, createdAt];
}

export const REQUEST_HEADINGS: readonly string[] = ['ID', 'STATUS', 'KEY', 'REQUESTER', 'MADE'];
