/** A signing item of our own API, and what becomes of it. */
import { Type } from 'typebox';
import { ExternalIdSchema, IdSchema } from '../wire-values.ts';
import { Base64Schema } from './base64.ts';

const ChainPayloadSchema = Type.Object(
  {
    chain: Type.String({ maxLength: 32 }),
    format: Type.String({ maxLength: 64 }),
    network: Type.Optional(Type.String({ maxLength: 64 })),
    content: Type.Unknown(),
  },
  { additionalProperties: false, title: 'ChainPayload' },
);

const OptionsSchema = Type.Object(
  {
    padding: Type.Optional(Type.Enum(['pkcs1-v1.5', 'pss'])),
    mgf1Digest: Type.Optional(Type.String({ maxLength: 32 })),
    variant: Type.Optional(Type.Enum(['pure', 'pre-hash', 'external-mu'])),
    context: Type.Optional(Base64Schema),
    merkleRoot: Type.Optional(Base64Schema),
    derivationPath: Type.Optional(Type.String({ maxLength: 256 })),
    deterministic: Type.Optional(Type.Boolean()),
    recoverable: Type.Optional(Type.Boolean()),
    domain: Type.Optional(Base64Schema),
  },
  { additionalProperties: false, title: 'SigningOptions' },
);

const key = {
  /** One of the two. */
  keyId: Type.Optional(IdSchema),
  keyName: Type.Optional(Type.String({ minLength: 1, maxLength: 8192 })),
};

const content = {
  /** One of the three. */
  digest: Type.Optional(Base64Schema),
  message: Type.Optional(Base64Schema),
  payload: Type.Optional(ChainPayloadSchema),
  /** The hash that made the digest, or that is to hash the message: `sha-256`. */
  hash: Type.Optional(Type.String({ maxLength: 32 })),
  options: Type.Optional(OptionsSchema),
};

/** Where the other parties of a threshold key are met. */
const CeremonySchema = Type.Object(
  { room: Type.String({ minLength: 1, maxLength: 128 }), relay: Type.Optional(Type.String({ maxLength: 256 })) },
  { additionalProperties: false },
);

export const SigningItemSchema = Type.Object(
  { ...key, ...content, ceremony: Type.Optional(CeremonySchema) },
  { additionalProperties: false, title: 'SigningItem' },
);

export const RequestItemSchema = Type.Object(
  { ...key, ...content, walletId: Type.Optional(IdSchema), externalId: Type.Optional(ExternalIdSchema) },
  { additionalProperties: false, title: 'RequestItem' },
);

export const VerificationItemSchema = Type.Object(
  { ...key, ...content, signature: Base64Schema },
  { additionalProperties: false, title: 'VerificationItem' },
);

const ItemErrorSchema = Type.Object({ code: Type.String(), message: Type.String() }, { title: 'ItemError' });

export const SigningResultSchema = Type.Object(
  {
    status: Type.Enum(['signed', 'pending', 'denied', 'failed']),
    keyId: Type.Optional(IdSchema),
    signature: Type.Optional(Base64Schema),
    requestId: Type.Optional(IdSchema),
    approvalId: Type.Optional(IdSchema),
    error: Type.Optional(ItemErrorSchema),
  },
  { title: 'SigningResult' },
);

export const VerificationResultSchema = Type.Object(
  {
    valid: Type.Optional(Type.Boolean()),
    keyId: Type.Optional(IdSchema),
    error: Type.Optional(ItemErrorSchema),
  },
  { title: 'VerificationResult' },
);
