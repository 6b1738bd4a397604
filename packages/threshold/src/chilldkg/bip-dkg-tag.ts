/** What every tag of ChillDKG begins with. */
export const bipDkgTag = 'BIP DKG/';
