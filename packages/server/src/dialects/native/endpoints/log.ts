/** The log: its size and root, its entries, and proofs for whoever kept an older root. */
import { DomainError } from '@countersign/core/domain-error';
import { Type } from 'typebox';
import type { Endpoint, PublicContext } from '../../dialect.ts';
import { readQuery } from '../../wire-page.ts';
import { Base64Schema, writeBase64 } from '../base64.ts';
import { plainEndpoint } from '../native-endpoint.ts';
import { LogEntrySchema, renderLogEntry } from '../render-log-entry.ts';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

const NumberSchema = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const HeadSchema = Type.Object({ size: NumberSchema, root: Base64Schema }, { title: 'LogHead' });

const getCheckpoint = plainEndpoint({
  method: 'GET',
  path: '/api/v1/log/checkpoint',
  operation: 'getLogCheckpoint',
  summary: 'Size and root of the log. Keep them: a later log must prove that it continues this one.',
  permissions: ['read-log'],
  response: HeadSchema,
  async handle({ services, caller }) {
    const { size, root } = await services.logs.checkpoint(caller);
    return { size, root: writeBase64(root) };
  },
});

const entryParameters = { from: NumberSchema, limit: Type.Integer({ minimum: 1, maximum: MAX_LIMIT }) };

const listEntries = plainEndpoint({
  method: 'GET',
  path: '/api/v1/log/entries',
  operation: 'listLogEntries',
  summary: "Entries of the caller's account from a leaf on, oldest first.",
  permissions: ['read-log'],
  query: entryParameters,
  response: Type.Object({
    items: Type.Array(LogEntrySchema),
    /** Where the next page begins; a page may be empty although there is one. */
    next: Type.Optional(NumberSchema),
  }),
  async handle({ services, caller, query }) {
    const { from, limit } = readNumbers(query, ['from', 'limit']);
    if (limit === 0) throw new DomainError('invalid_request', 'limit must be a whole number from 1');
    const { entries, next } = await services.logs.entries(caller, {
      from: from ?? 0,
      limit: Math.min(limit ?? DEFAULT_LIMIT, MAX_LIMIT),
    });
    return { items: entries.map(renderLogEntry), ...(next !== undefined && { next }) };
  },
});

const getInclusion = plainEndpoint({
  method: 'GET',
  path: '/api/v1/log/inclusion',
  operation: 'getInclusionProof',
  summary: 'The proof that a leaf is in the log of this size (RFC 9162, 2.1.3).',
  permissions: ['read-log'],
  query: { leaf: NumberSchema, size: NumberSchema },
  response: Type.Object(
    {
      leaf: NumberSchema,
      leafHash: Base64Schema,
      size: NumberSchema,
      root: Base64Schema,
      path: Type.Array(Base64Schema),
    },
    { title: 'InclusionProof' },
  ),
  async handle({ services, caller, query }) {
    const { leaf, size } = readNumbers(query, ['leaf', 'size']);
    if (leaf === undefined) throw new DomainError('invalid_request', 'name the leaf: ?leaf=0');
    const proof = await services.logs.inclusionProof(caller, leaf, size);
    return {
      leaf,
      leafHash: writeBase64(proof.leafHash),
      size: proof.size,
      root: writeBase64(proof.root),
      path: proof.path.map(writeBase64),
    };
  },
});

const getConsistency = plainEndpoint({
  method: 'GET',
  path: '/api/v1/log/consistency',
  operation: 'getConsistencyProof',
  summary: 'The proof that the log of this size continues an older one (RFC 9162, 2.1.4).',
  permissions: ['read-log'],
  query: { oldSize: NumberSchema, size: NumberSchema },
  response: Type.Object(
    { old: HeadSchema, new: HeadSchema, path: Type.Array(Base64Schema) },
    { title: 'ConsistencyProof' },
  ),
  async handle({ services, caller, query }) {
    const { oldSize, size } = readNumbers(query, ['oldSize', 'size']);
    if (oldSize === undefined) throw new DomainError('invalid_request', 'name the old size: ?oldSize=1');
    const proof = await services.logs.consistencyProof(caller, oldSize, size);
    return {
      old: { size: proof.old.size, root: writeBase64(proof.old.root) },
      new: { size: proof.new.size, root: writeBase64(proof.new.root) },
      path: proof.path.map(writeBase64),
    };
  },
});

export const LOG_ENDPOINTS: readonly Endpoint[] = [getCheckpoint, listEntries, getInclusion, getConsistency];

/** @throws DomainError `invalid_request` */
function readNumbers<const Name extends string>(
  query: PublicContext['query'],
  names: readonly Name[],
): Readonly<Partial<Record<Name, number>>> {
  const texts = Object.entries(readQuery(query, names)) as [Name, string][];
  return Object.fromEntries(
    texts.map(([name, text]) => {
      // Fifteen digits stay below 2^53.
      if (!/^\d{1,15}$/.test(text)) throw new DomainError('invalid_request', `${name} must be a whole number from 0`);
      return [name, Number(text)];
    }),
  ) as Partial<Record<Name, number>>;
}
