/** The types of our client, made from the OpenAPI document of our own API. */
import { fileURLToPath } from 'node:url';
import openapiTS, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { native } from '../../packages/server/src/dialects/native/native-dialect.ts';
import { openApiDocument } from '../../packages/server/src/dialects/openapi-document.ts';

export const GENERATED_FILE = fileURLToPath(new URL('../../packages/client/src/generated/api.ts', import.meta.url));

const HEADER = `/** Types of every call of our own API. Written by scripts/generate-client.ts from its OpenAPI document: change that. */
`;

/** Written although our document has none of these. */
const EMPTY_TYPES = /^export type (webhooks|\$defs) = Record<string, never>;\n/gm;

/** The text of the generated file. The same document gives the same text. */
export async function generatedApi(): Promise<string> {
  const document = openApiDocument(native);
  if (document === undefined) throw new Error('our own API has no OpenAPI document');
  // Not `immutable`: openapi-fetch takes a read-only list for an object, and its answers lose their type.
  const nodes = await openapiTS(document as unknown as OpenAPI3, { alphabetize: true });
  return HEADER + astToString(nodes).replaceAll(EMPTY_TYPES, '');
}
