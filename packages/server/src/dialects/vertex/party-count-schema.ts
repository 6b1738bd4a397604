import { Type } from 'typebox';

/**
 * `num_parties`, `threshold` and the like: an unsigned 16-bit number, as published. Zero is let through, so that it gets
 * the word for a bad quorum, which the core gives.
 */
export const PartyCountSchema = Type.Integer({ minimum: 0, maximum: 0xffff });
