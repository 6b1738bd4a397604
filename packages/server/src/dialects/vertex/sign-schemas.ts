/** Shapes of sign calls, for documentation and tests. Requests are read by `sign-requests.ts`, by hand. */
import { Type } from 'typebox';
import { HexSchema } from './key-answers.ts';
import { DERIVATION_MEMBERS } from './read-derivation.ts';
import { KEY_MEMBERS } from './read-key.ts';
import { MEETING_MEMBERS } from './read-meeting.ts';
import { ErrorSchema } from './vertex-error.ts';

export const SignRequestSchema = Type.Object({
  ...KEY_MEMBERS,
  ...MEETING_MEMBERS,
  ...DERIVATION_MEMBERS,
  msg: Type.String({ description: 'Hex, at most 64 KiB. Never hashed before the scheme does.' }),
  extra_data: Type.Optional(Type.String({ description: 'Hex, at most 16 KiB; handed on to the rule servers.' })),
});
export const BatchSignRequestSchema = Type.Object({ sign_requests: Type.Array(SignRequestSchema) });

const CLOSED = { additionalProperties: false };
export const SignatureSchema = Type.Object({ signature: HexSchema }, CLOSED);
export const BatchSignResponseSchema = Type.Array(
  Type.Union([Type.Object({ Signature: SignatureSchema }, CLOSED), Type.Object({ Error: ErrorSchema }, CLOSED)]),
);
