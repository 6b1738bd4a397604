import type { Static, TSchema } from 'typebox';
import { createBodyReaderWith } from '../body-reader.ts';

/** A compiled reader of bodies of one schema. `null` is a value here; unknown members are refused where a schema says so. */
export function createBodyReader<Schema extends TSchema>(schema: Schema): (body: unknown) => Static<Schema> {
  return createBodyReaderWith(schema, (body) => body);
}
