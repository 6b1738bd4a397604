import { Type } from 'typebox';

/** A share outside its server. */
export const ShareBackupSchema = Type.Object({
  export_type: Type.Union([Type.Literal('plaintext'), Type.Literal('encrypted')]),
  key_share: Type.String({ minLength: 1, contentEncoding: 'base64' }),
});
