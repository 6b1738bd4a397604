import { createPublicKey, hash, type KeyObject, randomUUID } from 'node:crypto';
import type { RuleAnswer, RuleQuestion, RuleServers } from '@countersign/core/ports/rule-servers';
import type { OutboundClient } from './outbound-client.ts';
import { OutboundFailure } from './outbound-failure.ts';
import { readAnswer } from './rule-answer.ts';
import { type SignQuestion, writeQuestion } from './rule-question.ts';

/** Who asks. It never changes for a data folder. */
export interface QuestionIdentity {
  /** SubjectPublicKeyInfo, P-256. */
  readonly spkiPem: string;
  /** SHA-256 of the key's DER form, hex. */
  readonly fingerprint: string;
}

export interface JwtRuleServerOptions {
  readonly client: Pick<OutboundClient, 'post'>;
  readonly identity: () => Promise<QuestionIdentity>;
  readonly signQuestion: SignQuestion;
  readonly now: () => number;
  /** For each question, from its making to the end of the answer. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_MESSAGE_BYTES = 1024 * 1024;
const MAX_PARSED_KEYS = 256;

/** Rule servers that are asked by HTTP POST, question and answer as JWTs: docs/rule-servers.md. */
export function createJwtRuleServers(options: JwtRuleServerOptions): RuleServers {
  const { client, signQuestion, now, timeoutMs = TIMEOUT_MS } = options;
  const keys = new Map<string, KeyObject>();

  const keyOf = (pem: string): KeyObject => {
    const known = keys.get(pem);
    if (known !== undefined) return known;
    if (keys.size >= MAX_PARSED_KEYS) keys.clear();
    const key = createPublicKey({ key: pem, format: 'pem', type: 'spki' });
    keys.set(pem, key);
    return key;
  };

  const ask = async (question: RuleQuestion): Promise<RuleAnswer> => {
    const { rule, payload } = question;
    if (payload.bytes.length > MAX_MESSAGE_BYTES)
      return no(`a message of more than ${MAX_MESSAGE_BYTES} bytes is not sent to rule servers`);
    const startedMs = performance.now();
    const { fingerprint } = await options.identity();
    const requestId = randomUUID();
    const jwt = await writeQuestion(question, { issuer: fingerprint, requestId, nowMs: now() }, signQuestion);
    const remainingMs = Math.floor(timeoutMs - (performance.now() - startedMs));
    if (remainingMs <= 0) return no('the question could not be signed in time');
    const { status, body } = await client.post({
      url: rule.url,
      contentType: 'application/jwt',
      body: jwt,
      maxAnswerBytes: MAX_ANSWER_BYTES,
      timeoutMs: remainingMs,
    });
    if (status !== 200) return no(`it answered with HTTP status ${status}`);
    return readAnswer(body, {
      publicKey: keyOf(rule.publicKeyPem),
      algorithm: rule.algorithm,
      requestId,
      requestHash: hash('sha256', jwt, 'hex'),
      audience: fingerprint,
      nowMs: now(),
    });
  };

  return {
    async ask(question) {
      // Over everything, so that a signer that never answers can't hold an item either.
      const late = Promise.withResolvers<RuleAnswer>();
      const timer = setTimeout(() => late.resolve(no('no answer in time')), timeoutMs);
      try {
        return await Promise.race([ask(question), late.promise]);
      } catch (error) {
        return no(error instanceof OutboundFailure ? error.message : 'it could not be asked');
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

function no(reason: string): RuleAnswer {
  return { approved: false, reason };
}
