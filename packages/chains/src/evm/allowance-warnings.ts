/** What contracts take for "no limit" at the least: tokens with 96-bit amounts, Permit2 with 160, all others with 256. */
const PRACTICALLY_UNLIMITED: bigint = 2n ** 96n - 1n;

/** The amount that stands for everything: allowances over all tokens of a contract. */
export const UNLIMITED: bigint = 2n ** 256n - 1n;

/** Sentences about an allowance for `spender` of `amount` of the token contract `token`; none where it is limited. */
export function allowanceWarnings(token: string, spender: string, amount: bigint): readonly string[] {
  return amount >= PRACTICALLY_UNLIMITED ? [`Lets ${spender} take an unlimited amount of the token ${token}.`] : [];
}
