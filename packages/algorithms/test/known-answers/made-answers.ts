import { readFileSync } from 'node:fs';

/**
 * Answers that a `make-*.ts` beside this file wrote as JSON. What is read is trusted as far as its own repository;
 * its shape is only named by the caller.
 */
export function readMadeAnswers<Answers>(file: string): Answers {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
}
