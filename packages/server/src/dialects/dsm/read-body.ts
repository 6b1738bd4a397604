import type { Static, TSchema } from 'typebox';
import { createBodyReaderWith, withoutNullsAtAnyDepth } from '../body-reader.ts';

/** A compiled reader of bodies of one schema. `null` is absent, for every optional member, at every depth (wire rule 3). */
export function createBodyReader<Schema extends TSchema>(schema: Schema): (body: unknown) => Static<Schema> {
  return createBodyReaderWith(schema, withoutNullsAtAnyDepth);
}
