/**
 * The OpenSSL that is linked into the running Node binary, called by FFI. Node exports libcrypto's functions to its
 * addons, so that nothing has to be installed or compiled, and `node:crypto` can't do what we need: it signs no ECDSA
 * digest, knows no RFC 6979, and ignores ML-DSA's modes.
 *
 * Every function is bound by its constant name when the library is loaded: afterwards a sealed process can open no
 * file, and no symbol is ever chosen by data.
 */
import { EngineFailure, EngineUnavailable } from '../../engine.ts';

/** A pointer to one of OpenSSL's objects. An address only: never key material. */
export type Pointer = bigint;
type MaybePointer = Pointer | null;

/** OpenSSL 3.5.0, the first with ML-DSA, as OpenSSL_version_num gives it: 0xMNN00PP0. */
const OLDEST_VERSION = 0x30500000;
/** OPENSSL_VERSION and OPENSSL_FULL_VERSION_STRING of crypto.h. */
const VERSION_WITH_DATE = 0;
const VERSION_ALONE = 7;

type Koffi = typeof import('koffi');

function bindFunctions(koffi: Koffi) {
  const library = koffi.load(null);
  const bind = (name: string, result: string, parameters: readonly string[]) =>
    library.func(name, result, [...parameters]);
  const P = 'void *';

  return {
    OpenSSL_version_num: bind('OpenSSL_version_num', 'ulong', []) as () => number | bigint,
    OpenSSL_version: bind('OpenSSL_version', 'str', ['int']) as (type: number) => string,

    ERR_clear_error: bind('ERR_clear_error', 'void', []) as () => void,
    ERR_peek_last_error: bind('ERR_peek_last_error', 'ulong', []) as () => number | bigint,
    ERR_reason_error_string: bind('ERR_reason_error_string', 'str', ['ulong']) as (
      code: number | bigint,
    ) => string | null,

    RAND_add: bind('RAND_add', 'void', [P, 'int', 'double']) as (
      bytes: Uint8Array,
      length: number,
      entropyBytes: number,
    ) => void,
    RAND_status: bind('RAND_status', 'int', []) as () => number,

    EVP_SIGNATURE_fetch: bind('EVP_SIGNATURE_fetch', P, [P, 'str', P]) as (
      context: null,
      name: string,
      properties: null,
    ) => MaybePointer,

    EVP_PKEY_CTX_new_from_name: bind('EVP_PKEY_CTX_new_from_name', P, [P, 'str', P]) as (
      context: null,
      name: string,
      properties: null,
    ) => MaybePointer,
    EVP_PKEY_CTX_new_from_pkey: bind('EVP_PKEY_CTX_new_from_pkey', P, [P, P, P]) as (
      context: null,
      key: Pointer,
      properties: null,
    ) => MaybePointer,
    EVP_PKEY_CTX_free: bind('EVP_PKEY_CTX_free', 'void', [P]) as (context: MaybePointer) => void,
    EVP_PKEY_CTX_set_params: bind('EVP_PKEY_CTX_set_params', 'int', [P, P]) as (
      context: Pointer,
      parameters: Uint8Array,
    ) => number,
    EVP_PKEY_fromdata_init: bind('EVP_PKEY_fromdata_init', 'int', [P]) as (context: Pointer) => number,
    EVP_PKEY_fromdata: bind('EVP_PKEY_fromdata', 'int', [P, P, 'int', P]) as (
      context: Pointer,
      key: BigUint64Array,
      selection: number,
      parameters: Uint8Array,
    ) => number,
    EVP_PKEY_keygen_init: bind('EVP_PKEY_keygen_init', 'int', [P]) as (context: Pointer) => number,
    EVP_PKEY_generate: bind('EVP_PKEY_generate', 'int', [P, P]) as (context: Pointer, key: BigUint64Array) => number,
    EVP_PKEY_free: bind('EVP_PKEY_free', 'void', [P]) as (key: MaybePointer) => void,
    EVP_PKEY_new_raw_private_key_ex: bind('EVP_PKEY_new_raw_private_key_ex', P, [P, 'str', P, P, 'size_t']) as (
      context: null,
      name: string,
      properties: null,
      key: Uint8Array,
      length: number,
    ) => MaybePointer,
    EVP_PKEY_new_raw_public_key_ex: bind('EVP_PKEY_new_raw_public_key_ex', P, [P, 'str', P, P, 'size_t']) as (
      context: null,
      name: string,
      properties: null,
      key: Uint8Array,
      length: number,
    ) => MaybePointer,
    EVP_PKEY_get_raw_public_key: bind('EVP_PKEY_get_raw_public_key', 'int', [P, P, P]) as (
      key: Pointer,
      out: Uint8Array,
      length: Uint32Array,
    ) => number,
    EVP_PKEY_get_octet_string_param: bind('EVP_PKEY_get_octet_string_param', 'int', [P, 'str', P, 'size_t', P]) as (
      key: Pointer,
      name: string,
      out: Uint8Array,
      room: number,
      length: Uint32Array,
    ) => number,
    EVP_PKEY_get_bn_param: bind('EVP_PKEY_get_bn_param', 'int', [P, 'str', P]) as (
      key: Pointer,
      name: string,
      number: BigUint64Array,
    ) => number,
    EVP_PKEY_check: bind('EVP_PKEY_check', 'int', [P]) as (context: Pointer) => number,
    EVP_PKEY_public_check_quick: bind('EVP_PKEY_public_check_quick', 'int', [P]) as (context: Pointer) => number,

    EVP_PKEY_sign_init_ex: bind('EVP_PKEY_sign_init_ex', 'int', [P, P]) as (
      context: Pointer,
      parameters: Uint8Array | null,
    ) => number,
    EVP_PKEY_sign_message_init: bind('EVP_PKEY_sign_message_init', 'int', [P, P, P]) as (
      context: Pointer,
      algorithm: Pointer,
      parameters: Uint8Array | null,
    ) => number,
    EVP_PKEY_sign: bind('EVP_PKEY_sign', 'int', [P, P, P, P, 'size_t']) as (
      context: Pointer,
      signature: Uint8Array,
      length: Uint32Array,
      payload: Uint8Array,
      payloadLength: number,
    ) => number,
    EVP_PKEY_verify_init_ex: bind('EVP_PKEY_verify_init_ex', 'int', [P, P]) as (
      context: Pointer,
      parameters: Uint8Array | null,
    ) => number,
    EVP_PKEY_verify_message_init: bind('EVP_PKEY_verify_message_init', 'int', [P, P, P]) as (
      context: Pointer,
      algorithm: Pointer,
      parameters: Uint8Array | null,
    ) => number,
    EVP_PKEY_verify: bind('EVP_PKEY_verify', 'int', [P, P, 'size_t', P, 'size_t']) as (
      context: Pointer,
      signature: Uint8Array,
      signatureLength: number,
      payload: Uint8Array,
      payloadLength: number,
    ) => number,

    BN_secure_new: bind('BN_secure_new', P, []) as () => MaybePointer,
    BN_bin2bn: bind('BN_bin2bn', P, [P, 'int', P]) as (
      bigEndian: Uint8Array,
      length: number,
      into: MaybePointer,
    ) => MaybePointer,
    BN_bn2binpad: bind('BN_bn2binpad', 'int', [P, P, 'int']) as (
      number: Pointer,
      out: Uint8Array,
      length: number,
    ) => number,
    BN_num_bits: bind('BN_num_bits', 'int', [P]) as (number: Pointer) => number,
    BN_set_flags: bind('BN_set_flags', 'void', [P, 'int']) as (number: Pointer, flags: number) => void,
    BN_clear_free: bind('BN_clear_free', 'void', [P]) as (number: MaybePointer) => void,

    OBJ_txt2nid: bind('OBJ_txt2nid', 'int', ['str']) as (text: string) => number,
    EC_GROUP_new_by_curve_name: bind('EC_GROUP_new_by_curve_name', P, ['int']) as (nid: number) => MaybePointer,
    EC_GROUP_get0_order: bind('EC_GROUP_get0_order', P, [P]) as (group: Pointer) => MaybePointer,
    EC_POINT_new: bind('EC_POINT_new', P, [P]) as (group: Pointer) => MaybePointer,
    EC_POINT_clear_free: bind('EC_POINT_clear_free', 'void', [P]) as (point: MaybePointer) => void,
    EC_POINT_mul: bind('EC_POINT_mul', 'int', [P, P, P, P, P, P]) as (
      group: Pointer,
      result: Pointer,
      scalar: Pointer,
      point: null,
      pointScalar: null,
      context: null,
    ) => number,
    EC_POINT_point2oct: bind('EC_POINT_point2oct', 'size_t', [P, P, 'int', P, 'size_t', P]) as (
      group: Pointer,
      point: Pointer,
      form: number,
      out: Uint8Array,
      length: number,
      context: null,
    ) => number,
    EC_POINT_oct2point: bind('EC_POINT_oct2point', 'int', [P, P, P, 'size_t', P]) as (
      group: Pointer,
      point: Pointer,
      encoded: Uint8Array,
      length: number,
      context: null,
    ) => number,

    /** Address of a buffer's first byte, for the structures that hold pointers. The caller keeps the buffer alive. */
    addressOf: (buffer: Uint8Array): bigint => koffi.address(buffer),
  };
}

export type Libcrypto = ReturnType<typeof bindFunctions>;

let loaded: Promise<Libcrypto> | undefined;

/** Binds the functions once per process. @throws EngineUnavailable where they aren't there, or are too old */
export function loadLibcrypto(): Promise<Libcrypto> {
  loaded ??= bindLibcrypto();
  return loaded;
}

async function bindLibcrypto(): Promise<Libcrypto> {
  let libcrypto: Libcrypto;
  try {
    libcrypto = bindFunctions(await import('koffi'));
  } catch (cause) {
    throw new EngineUnavailable("Node's own OpenSSL can't be called here: use the Node that npm installed with us", {
      cause,
    });
  }
  // Lengths go to and from OpenSSL as the low half of a little-endian size_t, and our structures assume 64 bits.
  if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) throw new EngineUnavailable('needs a little-endian machine');
  if (process.arch !== 'x64' && process.arch !== 'arm64') throw new EngineUnavailable('needs a 64-bit machine');
  if (Number(libcrypto.OpenSSL_version_num()) < OLDEST_VERSION) {
    throw new EngineUnavailable(`needs OpenSSL 3.5, found ${libcrypto.OpenSSL_version(VERSION_WITH_DATE)}`);
  }
  if (libcrypto.RAND_status() !== 1) throw new EngineUnavailable("OpenSSL's generator can't be seeded");
  return libcrypto;
}

/** For people: the library and its version. */
export function describeLibcrypto(libcrypto: Libcrypto): string {
  return `OpenSSL ${libcrypto.OpenSSL_version(VERSION_ALONE)} inside Node ${process.version}, by FFI`;
}

/** An EngineFailure with OpenSSL's own reason, which names a rule and never carries key material. Clears the queue. */
export function opensslFailure(libcrypto: Libcrypto, code: EngineFailure['code'], message: string): EngineFailure {
  const reason = libcrypto.ERR_reason_error_string(libcrypto.ERR_peek_last_error());
  libcrypto.ERR_clear_error();
  return new EngineFailure(code, reason === null ? message : `${message}: ${reason}`);
}

/** A pointer that OpenSSL returns null for only when it fails. @throws EngineFailure `engine_error` */
export function requirePointer(libcrypto: Libcrypto, pointer: MaybePointer, what: string): Pointer {
  if (pointer === null || pointer === 0n) throw opensslFailure(libcrypto, 'engine_error', `${what} failed`);
  return pointer;
}
