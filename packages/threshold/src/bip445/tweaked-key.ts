import type { Point } from '../group.ts';
import type { Secp256k1Group } from '../secp256k1/secp256k1-group.ts';
import type { Tweak } from '../secp256k1/tweak.ts';
import { InvalidSigningInput } from './signing-errors.ts';

/** BIP 445, "Tweak Context", with what each signature needs of it. */
export interface TweakedKey {
  readonly point: Point;
  /** 32 bytes: the key that verifies the signatures. */
  readonly xOnly: Uint8Array;
  /** Whether `g * gacc` is -1: shares are negated for the signature. */
  readonly isNegated: boolean;
  /** `g * tacc`: what the challenge is multiplied with in the aggregate. */
  readonly addend: Uint8Array;
}

/** The specification's two parallel arrays as one. @throws InvalidSigningInput */
export function pairTweaks(values: readonly Uint8Array[], isXOnly: readonly boolean[]): readonly Tweak[] {
  if (values.length !== isXOnly.length) {
    throw new InvalidSigningInput('tweak-count', `${values.length} tweaks and ${isXOnly.length} modes`);
  }
  return values.map((value, index) => ({ value, isXOnly: isXOnly[index] === true }));
}

/**
 * BIP 445, `TweakCtxInit` and `ApplyTweak` for each tweak. Costs a point multiplication for each.
 * @throws InvalidSigningInput
 */
export function tweakKey(group: Secp256k1Group, thresholdKey: Point, tweaks: readonly Tweak[]): TweakedKey {
  let point = thresholdKey;
  let isNegated = false;
  const sum = group.scalarOf(0);
  for (const { value, isXOnly } of tweaks) {
    if (value.length !== 32) throw new InvalidSigningInput('tweak-length', `a tweak has 32 bytes, not ${value.length}`);
    if (!group.isScalar(value)) throw new InvalidSigningInput('tweak-range', 'a tweak is out of range');
    if (isXOnly && !group.hasEvenY(point)) {
      point = group.negate(point);
      isNegated = !isNegated;
      group.negateScalar(sum, sum);
    }
    point = group.addBasePublic(point, value);
    if (group.isIdentity(point)) {
      throw new InvalidSigningInput('tweaked-to-identity', 'a tweak takes the key to the identity');
    }
    group.addScalars(sum, sum, value);
  }
  if (!group.hasEvenY(point)) {
    isNegated = !isNegated;
    group.negateScalar(sum, sum);
  }
  return { point, xOnly: group.xOnly(point), isNegated, addend: sum };
}
