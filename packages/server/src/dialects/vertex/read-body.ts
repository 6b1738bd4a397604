import type { Static, TSchema } from 'typebox';
import { createBodyReaderWith, withoutNullMembers } from '../body-reader.ts';

/** A compiled reader of bodies of one schema. `null` members are absent, unknown ones are ignored. */
export function createBodyReader<Schema extends TSchema>(schema: Schema): (body: unknown) => Static<Schema> {
  return createBodyReaderWith(schema, withoutNullMembers);
}
