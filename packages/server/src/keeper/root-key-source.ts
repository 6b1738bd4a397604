/** Where the root key comes from. */
export type RootKeySource =
  /** `create`: at the first start of an empty installation the file is made. */
  | { readonly kind: 'file'; readonly path: string; readonly create: boolean }
  /** 64 hex digits, or base64 of 32 bytes. */
  | { readonly kind: 'environment'; readonly encoded: string }
  | { readonly kind: 'passphrase'; readonly passphrase: string };

/** Named in messages; the settings read them. */
export const ROOT_KEY_VARIABLE = 'COUNTERSIGN_ROOT_KEY';
export const ROOT_PASSPHRASE_VARIABLE = 'COUNTERSIGN_ROOT_PASSPHRASE';
