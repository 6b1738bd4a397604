import { readFileSync } from 'node:fs';

/**
 * Answers that a `make-*.ts` beside this file wrote as JSON. What is read is trusted as far as its own repository;
 * the shape is only named here.
 */
export function readMadeAnswers<Answer>(file: string): Readonly<Record<string, readonly Answer[]>> {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
}
