/** The group by npm's prebuilt libsecp256k1, which is older than BIP340. */
import { createHash } from 'node:crypto';
import { reduceModOrder } from '@countersign/algorithms/engines/secp256k1/group-order';
import { loadBindings } from '@countersign/algorithms/engines/secp256k1-npm/bindings';
import { taggedHashPrefix } from '@countersign/algorithms/tagged-hash';
import type { Secp256k1Group } from '../../secp256k1/secp256k1-group.ts';
import { createSecp256k1Group } from './group.ts';

/** SEC1, uncompressed: the bindings take no decoded points, and this form spares them the square root. */
const KEY_BYTES = 65;
const COORDINATE_BYTES = 32;
const EVEN_Y = 0x02;
const CHALLENGE = taggedHashPrefix('BIP0340/challenge');

/** @throws EngineUnavailable */
export async function loadGroup(): Promise<Secp256k1Group> {
  const bindings = loadBindings();
  const generated = Buffer.alloc(1);
  const point = Buffer.alloc(KEY_BYTES);

  return createSecp256k1Group({
    description: bindings.description,
    keyBytes: KEY_BYTES,
    isPrivateKey: bindings.privateKeyVerify,
    // This old library reduces a scalar that is changed in place instead of refusing it.
    addToScalar: (scalar, addend) =>
      bindings.privateKeyVerify(scalar) && succeeds(() => bindings.privateKeyTweakAdd(scalar, addend)),
    multiplyScalar: (scalar, factor) =>
      bindings.privateKeyVerify(scalar) && succeeds(() => bindings.privateKeyTweakMul(scalar, factor)),
    negateScalar: (scalar) => bindings.privateKeyVerify(scalar) && succeeds(() => bindings.privateKeyNegate(scalar)),
    createKey: (key, secret) => succeeds(() => bindings.publicKeyCreate(secret, false, key)),
    multiplyKey: (key, scalar) => succeeds(() => bindings.publicKeyTweakMul(key, scalar, false, key)),
    addBaseToKey: (key, scalar) => succeeds(() => bindings.publicKeyTweakAdd(key, scalar, false, key)),
    combineKeys: (key, keys) => succeeds(() => bindings.publicKeyCombine([...keys], false, key)),
    negateKey: (key) => void bindings.publicKeyNegate(key, false, key),
    parseKey: (key, compressed) => succeeds(() => bindings.publicKeyConvert(compressed, false, key)),
    serializeKey: (compressed, key) => {
      compressed[0] = EVEN_Y | ((key[KEY_BYTES - 1] ?? 0) & 1);
      compressed.set(key.subarray(1, 1 + COORDINATE_BYTES), 1);
    },
    // What the callback returns would go through unlocked memory; the coordinates themselves are written by the
    // bindings to the buffers that they're given.
    multiplySecret: (x32, y32, secret, key) =>
      succeeds(() => bindings.ecdh(key, secret, { hashfn: () => generated, xbuf: x32, ybuf: y32 }, generated)),

    // BIP340, "Verification": R = s * G - e * P, all public. R's x is compared as bytes: an r of p or above, which the
    // BIP refuses, equals no coordinate.
    verifySchnorr: (signature, message, key) => {
      const r = signature.subarray(0, COORDINATE_BYTES);
      const s = signature.subarray(COORDINATE_BYTES);
      const challenge = createHash('sha256')
        .update(CHALLENGE)
        .update(r)
        .update(key.subarray(1, 1 + COORDINATE_BYTES))
        .update(message)
        .digest();
      reduceModOrder(challenge);
      point.set(key);
      const hasEvenY = ((key[KEY_BYTES - 1] ?? 0) & 1) === 0;
      const isPoint = succeeds(() => {
        // -e * P for the P with even y is e times the point with odd y.
        if (hasEvenY) bindings.privateKeyNegate(challenge);
        bindings.publicKeyTweakMul(point, challenge, false, point);
        // Refuses an s that isn't below the order.
        bindings.publicKeyTweakAdd(point, s, false, point);
      });
      return (
        isPoint &&
        ((point[KEY_BYTES - 1] ?? 0) & 1) === 0 &&
        Buffer.compare(point.subarray(1, 1 + COORDINATE_BYTES), r) === 0
      );
    },
  });
}

/** The bindings throw where the library gives 0; lengths are right, so that nothing else can be the reason. */
function succeeds(operation: () => unknown): boolean {
  try {
    operation();
    return true;
  } catch {
    return false;
  }
}
