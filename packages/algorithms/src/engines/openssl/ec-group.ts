/** One named curve inside OpenSSL: its order, and the public point of a private scalar. */
import { EngineFailure } from '../../engine.ts';
import { scalarBytes, uncompressedPointBytes, type WeierstrassCurve } from '../../weierstrass-curves.ts';
import { type Libcrypto, opensslFailure, type Pointer, requirePointer } from './libcrypto.ts';

const POINT_CONVERSION_UNCOMPRESSED = 4;
const BN_FLG_CONSTTIME = 4;

export interface EcGroup {
  /** The group's order, big-endian, `scalarBytes` wide. */
  readonly order: Uint8Array;
  /** The uncompressed SEC 1 point of a big-endian scalar in 1 to order - 1. */
  readonly derivePublicKey: (scalar: Uint8Array) => Uint8Array;
  /** The uncompressed form of a SEC 1 point in any form. @throws EngineFailure `invalid_key` if it isn't on the curve */
  readonly decompress: (encodedPoint: Uint8Array) => Uint8Array;
}

/** Opens a curve; its group lives as long as the process. */
export function openEcGroup(libcrypto: Libcrypto, curve: WeierstrassCurve): EcGroup {
  const nid = libcrypto.OBJ_txt2nid(curve.oid);
  const group = requirePointer(libcrypto, libcrypto.EC_GROUP_new_by_curve_name(nid), curve.openssl);
  const orderNumber = requirePointer(libcrypto, libcrypto.EC_GROUP_get0_order(group), 'EC_GROUP_get0_order');
  const order = new Uint8Array(scalarBytes(curve));
  libcrypto.BN_bn2binpad(orderNumber, order, order.length);

  const withPoint = (fill: (point: Pointer) => void): Uint8Array => {
    const point = requirePointer(libcrypto, libcrypto.EC_POINT_new(group), 'EC_POINT_new');
    try {
      fill(point);
      const encoded = new Uint8Array(uncompressedPointBytes(curve));
      const form = POINT_CONVERSION_UNCOMPRESSED;
      // A size_t, which the FFI gives as a number below 2^53. The point at infinity has one byte.
      const written = libcrypto.EC_POINT_point2oct(group, point, form, encoded, encoded.length, null);
      if (written !== encoded.length) throw opensslFailure(libcrypto, 'invalid_key', 'the point is at infinity');
      return encoded;
    } finally {
      libcrypto.EC_POINT_clear_free(point);
    }
  };

  return {
    order,
    derivePublicKey: (scalar) =>
      withPoint((point) => {
        const number = requirePointer(libcrypto, libcrypto.BN_secure_new(), 'BN_secure_new');
        try {
          // OpenSSL multiplies the base point by a single scalar in constant time; the flag says that it's secret.
          libcrypto.BN_set_flags(number, BN_FLG_CONSTTIME);
          if (
            libcrypto.BN_bin2bn(scalar, scalar.length, number) === null ||
            libcrypto.EC_POINT_mul(group, point, number, null, null, null) !== 1
          ) {
            throw opensslFailure(libcrypto, 'engine_error', 'the public key could not be derived');
          }
        } finally {
          libcrypto.BN_clear_free(number);
        }
      }),
    decompress: (encodedPoint) => {
      if (encodedPoint.length > uncompressedPointBytes(curve)) {
        throw new EngineFailure('invalid_key', 'the point is too long for the curve');
      }
      return withPoint((point) => {
        if (libcrypto.EC_POINT_oct2point(group, point, encodedPoint, encodedPoint.length, null) !== 1) {
          throw opensslFailure(libcrypto, 'invalid_key', 'the point is not on the curve');
        }
      });
    },
  };
}
