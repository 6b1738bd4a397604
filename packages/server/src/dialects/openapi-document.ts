/**
 * The OpenAPI 3.1 document of a dialect, from the very schemas that its endpoints read and answer with: TypeBox schemas
 * are JSON Schema (2020-12), which is what OpenAPI 3.1 embeds.
 */
import type { TSchema } from 'typebox';
import type { Dialect, Endpoint } from './dialect.ts';

/** Plain JSON. */
export type OpenApiDocument = Readonly<Record<string, unknown>>;

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
type JsonObject = { readonly [name: string]: Json };

const JSON_TYPE = 'application/json';
const PARAMETER = /:([A-Za-z]+)/g;
/** How a map of any names is written. */
const ANY_NAME = '^.*$';

const STATUS_TEXTS: Readonly<Record<string, string>> = {
  200: 'Done.',
  201: 'Made.',
  202: 'The change waits for approval.',
  204: 'Done; there is nothing to say.',
};

/**
 * Undefined for a dialect without a document. A schema with a `title` becomes a component of that name, wherever it is.
 * @throws Error for an endpoint without a name, a name that is given twice, or a title that two different schemas have
 */
export function openApiDocument(dialect: Dialect): OpenApiDocument | undefined {
  const { openApi } = dialect;
  if (openApi === undefined) return undefined;
  const components = new Components();
  const operations = new Set<string>();
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const endpoint of dialect.endpoints) {
    const { operation, method, path } = endpoint;
    if (operation === undefined) throw new Error(`${method} ${path} has no name`);
    if (operations.has(operation)) throw new Error(`two calls have the name ${operation}`);
    operations.add(operation);
    const template = path.replaceAll(PARAMETER, '{$1}');
    paths[template] = { ...paths[template], [method.toLowerCase()]: operationOf(endpoint, dialect, components) };
  }
  const error = components.schema(openApi.error);
  return {
    openapi: '3.1.0',
    info: { title: openApi.title, version: openApi.version, description: openApi.description },
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      parameters: {
        UserAction: {
          name: dialect.proofHeader,
          in: 'header',
          required: false,
          description: 'A proven user action, for callers that have credentials.',
          schema: { type: 'string' },
        },
      },
      responses: { Error: { description: 'What went wrong.', content: { [JSON_TYPE]: { schema: error } } } },
      schemas: components.sorted(),
    },
  };
}

function operationOf(endpoint: Endpoint, { pathPrefixes }: Dialect, components: Components): JsonObject {
  const { method, path, operation = '', summary, permissions, request, responses, query = {} } = endpoint;
  const isOpen = endpoint.authentication === 'none';
  const parameters: Json[] = [
    ...Array.from(path.matchAll(PARAMETER), ([, name = '']) => parameter('path', name, { type: 'string' })),
    ...Object.entries(query).map(([name, schema]) => parameter('query', name, components.schema(schema))),
    ...(isOpen || method === 'GET' ? [] : [{ $ref: '#/components/parameters/UserAction' }]),
  ];
  return {
    operationId: operation,
    tags: [tagOf(path, pathPrefixes)],
    ...(summary !== undefined && { summary }),
    ...(permissions.length > 0 && { 'x-permissions': [...permissions] }),
    security: isOpen ? [] : [{ bearer: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(request !== undefined && {
      requestBody: { required: true, content: { [JSON_TYPE]: { schema: components.schema(request) } } },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(responses).map(([status, schema]) => [
          status,
          {
            description: STATUS_TEXTS[status] ?? 'Answered.',
            ...(schema !== undefined && { content: { [JSON_TYPE]: { schema: components.schema(schema) } } }),
          },
        ]),
      ),
      default: { $ref: '#/components/responses/Error' },
    },
  };
}

function parameter(place: 'path' | 'query', name: string, schema: Json): JsonObject {
  return { name, in: place, required: place === 'path', schema };
}

/** The segment after the dialect's own: what the call is about. */
function tagOf(path: string, prefixes: readonly string[]): string {
  const prefix = prefixes.find((each) => path.startsWith(`${each}/`)) ?? '';
  return path.slice(prefix.length + 1).split('/', 1)[0] ?? '';
}

/** Schemas that are written once and referred to. */
class Components {
  readonly #schemas = new Map<string, { readonly source: string; readonly written: Json }>();

  schema(schema: TSchema): Json {
    // Through text, so that only what is JSON remains: TypeBox keeps marks of its own beside it.
    return this.#write(JSON.parse(JSON.stringify(schema)) as Json);
  }

  /** In order of name, so that the document doesn't depend on the order of the endpoints. */
  sorted(): JsonObject {
    const names = [...this.#schemas.keys()].sort();
    return Object.fromEntries(names.map((name) => [name, this.#schemas.get(name)?.written ?? null]));
  }

  #write(schema: Json): Json {
    if (typeof schema !== 'object' || schema === null) return schema;
    if (isList(schema)) return schema.map((each) => this.#write(each));
    const title = schema['title'];
    if (typeof title !== 'string') return this.#members(schema);
    const source = JSON.stringify(schema);
    const known = this.#schemas.get(title);
    if (known === undefined) this.#schemas.set(title, { source, written: this.#members(schema) });
    else if (known.source !== source) throw new Error(`two schemas have the title ${title}`);
    return { $ref: `#/components/schemas/${title}` };
  }

  #members(schema: JsonObject): JsonObject {
    return Object.fromEntries(
      Object.entries(schema).flatMap(([name, member]): [string, Json][] => {
        if (name === 'title' && typeof member === 'string') return [];
        if (name === 'const' || name === 'enum') return [[name, member]];
        const values = name === 'patternProperties' ? anyName(member) : undefined;
        return [values === undefined ? [name, this.#write(member)] : ['additionalProperties', this.#write(values)]];
      }),
    );
  }
}

/** The schema of a map's values, where its names may be anything. */
function anyName(patterns: Json): Json | undefined {
  if (typeof patterns !== 'object' || patterns === null || isList(patterns)) return undefined;
  return Object.keys(patterns).length === 1 ? patterns[ANY_NAME] : undefined;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
