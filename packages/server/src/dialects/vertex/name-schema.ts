import { Type } from 'typebox';

const MAX_CHARACTERS = 4096;

/** A name as a caller chose it; which ones are good is the core's to say. */
export const NameSchema = Type.String({ minLength: 1, maxLength: MAX_CHARACTERS });
