/** OpenAPI documents of the dialects that have one. Public: they say what anybody can read in the manual. */
import type { Answer, Dialect } from '../dialects/dialect.ts';
import { jsonAnswer, jsonTextAnswer } from '../dialects/json-answer.ts';
import { openApiDocument } from '../dialects/openapi-document.ts';

/** Answers by path: `/openapi.json`, which lists the documents, and `/openapi/<dialect>.json`. */
export function openApiPaths(dialects: readonly Dialect[]): ReadonlyMap<string, Answer> {
  const answers = new Map<string, Answer>();
  const listed: Readonly<Record<string, string>>[] = [];
  for (const dialect of dialects) {
    const document = openApiDocument(dialect);
    if (document === undefined) continue;
    const url = `/openapi/${dialect.name}.json`;
    listed.push({ dialect: dialect.name, title: dialect.openApi?.title ?? dialect.name, url });
    answers.set(url, jsonTextAnswer(JSON.stringify(document)));
  }
  answers.set('/openapi.json', jsonAnswer(200, { documents: listed }));
  return answers;
}
