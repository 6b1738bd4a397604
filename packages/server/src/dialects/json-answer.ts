import type { Answer } from './dialect.ts';

const JSON_TYPE = 'application/json';

/** An answer with a JSON body. */
export function jsonAnswer(status: number, value: unknown): Answer {
  return { status, contentType: JSON_TYPE, body: JSON.stringify(value) };
}

/** 200 with JSON text that was put together by hand. */
export function jsonTextAnswer(body: string): Answer {
  return { status: 200, contentType: JSON_TYPE, body };
}
