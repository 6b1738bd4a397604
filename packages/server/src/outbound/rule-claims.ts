/**
 * The words of questions to rule servers and of their answers, as docs/rule-servers.md publishes them. Both are JWTs
 * (RFC 7519) in compact form.
 */

/** `typ` of the header (RFC 8725, section 3.11): neither kind passes for the other, nor for anybody else's JWT. */
export const QUESTION_TYPE = 'countersign-rule-question+jwt';
export const ANSWER_TYPE = 'countersign-rule-answer+jwt';

/** A question is for now; an answer may not be older or live longer. */
export const LIFETIME_SECONDS = 60;

/** What is to be signed. Hex is lower case; integers are below 2^31. */
export interface QuestionElement {
  /** `sign_bip340`, `sign_ed25519`, `sign_ecdsa` (secp256k1), otherwise `sign_` and the algorithm's name. */
  readonly action: string;
  /** The caller's, unchecked. */
  readonly extra_data: string;
  readonly request: {
    readonly msg: string;
    /** Algorithms that sign a digest: the hash that makes it from `msg`, or `none` where `msg` is the digest itself. */
    readonly hash_algo?: string;
    readonly derivation_path: readonly number[];
    /** The key that the signature verifies under. */
    readonly derived_pubkey: string;
    /** BIP340 only; empty for an output key without script path. */
    readonly taproot_merkle_root?: string;
    /** RSA only. */
    readonly padding?: string;
    readonly mgf1_hash_algo?: string;
    /** ML-DSA only. */
    readonly variant?: string;
    readonly context?: string;
  };
}

export interface QuestionClaims extends QuestionElement {
  /** SHA-256 of this server's public key (SubjectPublicKeyInfo, DER), hex. */
  readonly iss: string;
  /** The rule's id. */
  readonly aud: string;
  readonly jti: string;
  readonly iat: number;
  readonly exp: number;
  /** SHA-256 of the element in canonical JSON (RFC 8785), hex: equal on all servers that are asked for one signature. */
  readonly digest: string;
  /** The same as `jti`. */
  readonly request_id: string;
}

/** What an answer must have, and the one thing that it may. Other members are ignored. */
export interface AnswerClaims {
  readonly request_id: unknown;
  /** SHA-256 of the question, the whole JWT as it came, hex. */
  readonly request_hash: unknown;
  /** The question's `iss`. */
  readonly aud: unknown;
  readonly iat: unknown;
  readonly exp: unknown;
  readonly approved: unknown;
  readonly reason?: unknown;
}
