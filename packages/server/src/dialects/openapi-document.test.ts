import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import type { Dialect, Endpoint } from './dialect.ts';
import { DIALECTS } from './dialects.ts';
import { jsonAnswer } from './json-answer.ts';
import { openApiDocument } from './openapi-document.ts';

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly security: readonly unknown[];
  readonly parameters?: readonly {
    readonly name?: string;
    readonly in?: string;
    readonly required?: boolean;
    readonly $ref?: string;
  }[];
  readonly responses: Readonly<Record<string, unknown>>;
}
interface Document {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>> };
}

const DOCUMENTED = DIALECTS.filter(({ openApi }) => openApi !== undefined);

/** All `$ref`s, wherever they are. */
function references(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) =>
    name === '$ref' && typeof member === 'string' ? [member] : references(member),
  );
}

function resolve(document: unknown, reference: string): unknown {
  let value = document;
  for (const name of reference.slice(2).split('/')) value = (value as Readonly<Record<string, unknown>>)?.[name];
  return value;
}

it('there is a document of our own API', () => {
  expect(DOCUMENTED.map(({ name }) => name)).toContain('native');
});

describe.each(DOCUMENTED)('the OpenAPI document of $name', (dialect) => {
  const document = openApiDocument(dialect) as unknown as Document;
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  );

  it('is OpenAPI 3.1 and plain JSON', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it('has every endpoint once, under its own name', () => {
    const routes = operations.map(({ path, method }) => `${method.toUpperCase()} ${path}`);
    const expected = dialect.endpoints.map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`);
    expect(routes.sort()).toEqual([...expected].sort());
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z][A-Za-z]+$/);
  });

  it('declares every parameter of a path, and no others', () => {
    for (const { path, operation } of operations) {
      const declared = (operation.parameters ?? []).filter(({ in: place }) => place === 'path');
      const names = Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name);
      expect([path, declared.map(({ name }) => name)]).toEqual([path, names]);
      for (const { required } of declared) expect(required).toBe(true);
    }
  });

  it('refers to nothing that is not there', () => {
    const all = references(document);
    expect(all.length).toBeGreaterThan(operations.length);
    for (const reference of all) expect([reference, resolve(document, reference)]).not.toEqual([reference, undefined]);
  });

  it('says for every call what an error looks like, and which calls are open', () => {
    for (const { operation } of operations)
      expect(operation.responses['default']).toEqual({ $ref: '#/components/responses/Error' });
    const open = operations.filter(({ operation }) => operation.security.length === 0);
    const expected = dialect.endpoints.filter(({ authentication }) => authentication === 'none');
    expect(open.map(({ operation }) => operation.operationId).sort()).toEqual(
      expected.map(({ operation }) => operation).sort(),
    );
  });
});

describe('openApiDocument', () => {
  const KEY = Type.Object({ id: Type.String() }, { title: 'Key' });
  const endpoint = (facts: Partial<Endpoint>): Endpoint =>
    ({
      method: 'GET',
      path: '/x/v1/keys/:keyId',
      operation: 'getKey',
      authentication: 'bearer',
      permissions: ['read-key'],
      request: undefined,
      responses: { 200: KEY },
      handle: () => Promise.resolve(jsonAnswer(200, {})),
      ...facts,
    }) as Endpoint;
  const dialect = (endpoints: readonly Endpoint[]): Dialect => ({
    name: 'x',
    pathPrefixes: ['/x/v1'],
    endpoints,
    authenticate: () => Promise.reject(new Error('nobody')),
    proofHeader: 'x-proof',
    openApi: { title: 'X', version: '1', description: 'An API.', error: Type.Object({}, { title: 'Error' }) },
    renderError: () => jsonAnswer(400, {}),
    renderFault: (status) => jsonAnswer(status, {}),
  });

  it('is undefined for a dialect without one', () => {
    const { openApi: _, ...plain } = dialect([endpoint({})]);
    expect(openApiDocument(plain)).toBeUndefined();
  });

  it('writes a schema with a title once and refers to it', () => {
    const list = endpoint({
      path: '/x/v1/keys',
      operation: 'listKeys',
      responses: { 200: Type.Object({ items: Type.Array(KEY), first: Type.Optional(KEY) }) },
    });
    const document = openApiDocument(dialect([endpoint({}), list])) as unknown as Document;
    expect(document.components.schemas).toEqual({
      Error: { type: 'object', properties: {} },
      Key: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
    });
    expect(references(document).filter((text) => text.endsWith('/Key'))).toHaveLength(3);
  });

  it('writes a map with any names as additionalProperties', () => {
    const map = endpoint({ responses: { 200: Type.Record(Type.String(), Type.Number()) } });
    expect(JSON.stringify(openApiDocument(dialect([map])))).toContain(
      '{"type":"object","additionalProperties":{"type":"number"}}',
    );
  });

  it('asks for the proof of a change, and for none of a reading or open call', () => {
    const change = endpoint({ method: 'POST', operation: 'changeKey' });
    const open = endpoint({ method: 'POST', path: '/x/v1/login', operation: 'login', authentication: 'none' });
    const { paths } = openApiDocument(dialect([endpoint({}), change, open])) as unknown as Document;
    const proof = { $ref: '#/components/parameters/UserAction' };
    expect(paths['/x/v1/keys/{keyId}']?.['post']?.parameters).toContainEqual(proof);
    expect(paths['/x/v1/keys/{keyId}']?.['get']?.parameters).not.toContainEqual(proof);
    expect(paths['/x/v1/login']?.['post']?.parameters).toBeUndefined();
    expect(paths['/x/v1/login']?.['post']?.tags).toEqual(['login']);
  });

  it('refuses an endpoint without a name, a name given twice, and two schemas of one title', () => {
    const { operation: _, ...nameless } = endpoint({});
    expect(() => openApiDocument(dialect([nameless]))).toThrow('GET /x/v1/keys/:keyId has no name');
    expect(() => openApiDocument(dialect([endpoint({}), endpoint({ method: 'POST' })]))).toThrow('the name getKey');
    const other = Type.Object({ name: Type.String() }, { title: 'Key' });
    const second = endpoint({ method: 'PUT', operation: 'putKey', responses: { 200: other } });
    expect(() => openApiDocument(dialect([endpoint({}), second]))).toThrow('two schemas have the title Key');
  });
});
