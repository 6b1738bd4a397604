import { writeEcdsaSignature } from '@countersign/algorithms/ecdsa-signature';
import { fromBase64, toBase64 } from '@countersign/client/base64';
import type { Client } from '@countersign/client/client';
import { CountersignError } from '@countersign/client/countersign-error';
import type { SignatureRequest } from '@countersign/client/requests';
import { CONTENT_OPTIONS, CONTENT_TEXT, CONTENT_USAGE, readContent, readKey } from './read-content.ts';
import { readSeconds } from './read-seconds.ts';
import { remoteCommand } from './remote-command.ts';
import { UsageError } from './usage-error.ts';

const FAILED = 1;
const MS_PER_SECOND = 1_000;
/** Two integers of up to 66 bytes each, with what DER puts before them. */
const MAX_DER_BYTES = 160;

export const sign = remoteCommand({
  name: 'sign',
  summary: 'sign a text, a file or a digest',
  usage: `${CONTENT_USAGE} [--format base64|hex] [--wait SECONDS]`,
  text: `${CONTENT_TEXT}

Prints the signature alone: DER for ECDSA, otherwise the bytes of the algorithm's standard. Where a policy asks people
first, it fails and names the request; with --wait it waits for them.`,
  examples: [
    'countersign sign --key release --hash sha-256 --file app.tar.gz',
    'countersign sign --key treasury --digest $(sha256sum < app.tar.gz | cut -c1-64) --hash sha-256 --wait 600',
    'echo -n hello | countersign sign --key ed-key --format hex',
  ],
  options: { ...CONTENT_OPTIONS, format: { type: 'string' }, wait: { type: 'string' } },
  words: [],
  async run({ client, values, io, show }) {
    const key = readKey(values);
    const encode = readFormat(values.format);
    const waitSeconds = readSeconds('--wait', values.wait);
    const [result] = await client.signBatch([{ ...key, ...(await readContent(values, io)) }]);
    if (result === undefined) throw new CountersignError('unexpected_answer', 'no result for the item');
    switch (result.status) {
      case 'signed': {
        const { keyId, signature } = result;
        return show({ status: 'signed', keyId, signature: encode(signature) }, () => `${encode(signature)}\n`);
      }
      case 'pending': {
        const { requestId, approvalId } = result;
        if (waitSeconds === undefined) {
          io.stderr(`A policy asks people first. Wait with: countersign request wait ${requestId}\n`);
          show({ status: 'pending', requestId, approvalId }, () => '');
          return FAILED;
        }
        io.stderr(`A policy asks people first: ${requestId}, approval ${approvalId}. Waiting.\n`);
        const signed = await waitForSignature(client, requestId, waitSeconds);
        return show(
          { status: 'signed', ...signed, signature: encode(signed.signature) },
          () => `${encode(signed.signature)}\n`,
        );
      }
      default:
        throw result.error;
    }
  },
});

async function waitForSignature(
  client: Client,
  requestId: string,
  seconds: number,
): Promise<{ readonly keyId: string; readonly requestId: string; readonly signature: Uint8Array }> {
  const request = await client.requests.waitForResult(requestId, { timeoutMs: seconds * MS_PER_SECOND });
  const { algorithm } = await client.keys.get(request.keyId);
  return { keyId: request.keyId, requestId, signature: plainSignature(request, algorithm) };
}

/** In the form in which it would have come at once: requests keep ECDSA as `r || s`. */
function plainSignature({ id, status, reason, signatures: [first] }: SignatureRequest, algorithm: string): Uint8Array {
  if (first === undefined)
    throw new CountersignError(status === 'rejected' ? 'denied_by_policy' : 'internal', reason ?? `it is ${status}`, {
      objectId: id,
    });
  const bytes = fromBase64(first.signature);
  if (!algorithm.startsWith('ecdsa-')) return bytes;
  const der = new Uint8Array(MAX_DER_BYTES);
  return der.slice(0, writeEcdsaSignature(bytes, der));
}

function readFormat(format = 'base64'): (bytes: Uint8Array) => string {
  if (format === 'base64') return toBase64;
  if (format === 'hex') return (bytes) => Buffer.from(bytes).toString('hex');
  throw new UsageError('--format is base64 or hex.');
}
