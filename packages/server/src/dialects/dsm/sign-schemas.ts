/** Shapes of sign and verify calls, for documentation and tests. Requests are read by `parse-items.ts`, by hand. */
import { Type } from 'typebox';
import { KeyDescriptorSchema } from './key-descriptor.ts';

const Base64 = Type.String({ contentEncoding: 'base64' });
const ITEM = {
  key: KeyDescriptorSchema,
  hash_alg: Type.Optional(Type.String()),
  hash: Type.Optional(Base64),
  data: Type.Optional(Base64),
  mode: Type.Optional(Type.Object({})),
  context: Type.Optional(Base64),
};

export const SignRequestSchema = Type.Object({ ...ITEM, deterministic_signature: Type.Optional(Type.Boolean()) });
export const VerifyRequestSchema = Type.Object({ ...ITEM, signature: Base64 });

export const SignResponseSchema = Type.Object(
  { kid: Type.Optional(Type.String()), signature: Base64 },
  { additionalProperties: false },
);
export const VerifyResponseSchema = Type.Object(
  { kid: Type.Optional(Type.String()), result: Type.Boolean() },
  { additionalProperties: false },
);

const FailedItem = Type.Object(
  { status: Type.Integer({ minimum: 400, maximum: 599 }), error: Type.String({ minLength: 1 }) },
  { additionalProperties: false },
);
export const BatchSignResponseSchema = Type.Array(
  Type.Union([
    Type.Object({ status: Type.Literal(200), body: SignResponseSchema }, { additionalProperties: false }),
    FailedItem,
  ]),
);
export const BatchVerifyResponseSchema = Type.Array(
  Type.Union([
    Type.Object({ status: Type.Literal(200), body: VerifyResponseSchema }, { additionalProperties: false }),
    FailedItem,
  ]),
);
