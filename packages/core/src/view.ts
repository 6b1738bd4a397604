/** What a payload means. Only `opaque` until chain formats are decoded: policy then knows that it sees nothing. */
export type View = { readonly kind: 'opaque' };

export const OPAQUE_VIEW: View = { kind: 'opaque' };
