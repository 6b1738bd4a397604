/**
 * A closed binary encoding for what parties tell each other, keep, and pass between processes: fields in a fixed order,
 * every length bounded, one encoding per value, nothing optional that isn't marked. Little-endian lengths.
 *
 * Values are described once (`struct({...})`) and read and written by the same description, so that the two can't
 * disagree. Reading takes hostile bytes.
 */

/** Bytes that aren't the encoding of a value. The message never quotes them. */
export class MalformedBytes extends Error {
  override readonly name = 'MalformedBytes';
}

export interface Codec<T> {
  readonly write: (value: T, out: ByteSink) => void;
  /** @throws MalformedBytes */
  readonly read: (from: ByteSource) => T;
}

export type Decoded<C> = C extends Codec<infer T> ? T : never;

/** Grows as it is written to. */
export class ByteSink {
  #bytes: Buffer;
  #length = 0;

  constructor(roomBytes = 256) {
    this.#bytes = Buffer.allocUnsafeSlow(roomBytes);
  }

  /** Room for `length` more bytes, which the caller fills. */
  reserve(length: number): Buffer {
    const end = this.#length + length;
    if (end > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(end, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes.fill(0, 0, this.#length);
      this.#bytes = grown;
    }
    const room = this.#bytes.subarray(this.#length, end);
    this.#length = end;
    return room;
  }

  /** What was written; shares memory with the sink, which isn't used afterwards. */
  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }
}

export class ByteSource {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** A view, not a copy. @throws MalformedBytes past the end */
  take(length: number): Buffer {
    const start = this.#position;
    if (this.#bytes.length - start < length) throw new MalformedBytes('too short');
    this.#position = start + length;
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, length);
  }

  get remaining(): number {
    return this.#bytes.length - this.#position;
  }
}

/** The encoding of `value`, in memory of its own. @throws RangeError for a value outside its description's bounds */
export function encode<T>(codec: Codec<T>, value: T): Buffer {
  const sink = new ByteSink();
  codec.write(value, sink);
  return sink.finish();
}

/** Byte fields of the result are views of `bytes`. @throws MalformedBytes, also for bytes after the end */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const source = new ByteSource(bytes);
  const value = codec.read(source);
  if (source.remaining !== 0) throw new MalformedBytes('trailing bytes');
  return value;
}

export const u8: Codec<number> = {
  write: (value, out) => out.reserve(1).writeUInt8(value),
  read: (from) => from.take(1).readUInt8(),
};

export const u16: Codec<number> = {
  write: (value, out) => out.reserve(2).writeUInt16LE(value),
  read: (from) => from.take(2).readUInt16LE(),
};

export const u32: Codec<number> = {
  write: (value, out) => out.reserve(4).writeUInt32LE(value),
  read: (from) => from.take(4).readUInt32LE(),
};

export const bool: Codec<boolean> = {
  write: (value, out) => out.reserve(1).writeUInt8(value ? 1 : 0),
  read: (from) => {
    const byte = from.take(1).readUInt8();
    if (byte > 1) throw new MalformedBytes('boolean');
    return byte === 1;
  },
};

/** Exactly `length` bytes. */
export function fixed(length: number): Codec<Uint8Array> {
  return {
    write: (value, out) => {
      if (value.length !== length) throw new RangeError(`expected ${length} bytes, got ${value.length}`);
      out.reserve(length).set(value);
    },
    read: (from) => from.take(length),
  };
}

/** 0 to `max` bytes. */
export function bytes(max: number): Codec<Uint8Array> {
  return {
    write: (value, out) => {
      if (value.length > max) throw new RangeError(`at most ${max} bytes, got ${value.length}`);
      u32.write(value.length, out);
      out.reserve(value.length).set(value);
    },
    read: (from) => {
      const length = u32.read(from);
      if (length > max) throw new MalformedBytes('length');
      return from.take(length);
    },
  };
}

/** UTF-8 of at most `maxBytes`; text that isn't well-formed is refused, so that two texts never look alike. */
export function text(maxBytes: number): Codec<string> {
  const raw = bytes(maxBytes);
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return {
    write: (value, out) => raw.write(Buffer.from(value, 'utf8'), out),
    read: (from) => {
      try {
        return decoder.decode(raw.read(from));
      } catch (error) {
        if (error instanceof MalformedBytes) throw error;
        throw new MalformedBytes('text');
      }
    },
  };
}

/** One of a closed list of words, as its place in the list. The list only ever grows at its end. */
export function word<const Words extends readonly string[]>(words: Words): Codec<Words[number]> {
  return {
    write: (value, out) => {
      const place = words.indexOf(value);
      if (place === -1) throw new RangeError('unknown word');
      u8.write(place, out);
    },
    read: (from) => {
      const found = words[u8.read(from)];
      if (found === undefined) throw new MalformedBytes('unknown word');
      return found;
    },
  };
}

/** 0 to `max` items. */
export function list<T>(item: Codec<T>, max: number): Codec<readonly T[]> {
  return {
    write: (values, out) => {
      if (values.length > max) throw new RangeError(`at most ${max} items, got ${values.length}`);
      u32.write(values.length, out);
      for (const value of values) item.write(value, out);
    },
    read: (from) => {
      const length = u32.read(from);
      // An item has at least one byte, so that a count can't ask for more memory than the message has bytes.
      if (length > max || length > from.remaining) throw new MalformedBytes('count');
      return Array.from({ length }, () => item.read(from));
    },
  };
}

export function optional<T>(inner: Codec<T>): Codec<T | undefined> {
  return {
    write: (value, out) => {
      bool.write(value !== undefined, out);
      if (value !== undefined) inner.write(value, out);
    },
    read: (from) => (bool.read(from) ? inner.read(from) : undefined),
  };
}

/** The fields in the order in which they are written down here. */
export function struct<T extends object>(fields: { readonly [Name in keyof T]: Codec<T[Name]> }): Codec<Readonly<T>> {
  const names = Object.keys(fields) as (keyof T)[];
  return {
    write: (value, out) => {
      for (const name of names) fields[name].write(value[name], out);
    },
    read: (from) => {
      // Names are this program's own: none of them is `__proto__`.
      const value: Partial<T> = {};
      for (const name of names) value[name] = fields[name].read(from);
      return value as T;
    },
  };
}

type Variant<V> = { readonly [Kind in keyof V & string]: { readonly kind: Kind } & Readonly<V[Kind]> }[keyof V &
  string];

/** A value with a member `kind` that says which description it follows. Order matters: kinds are only ever added. */
export function variants<V extends object>(
  descriptions: {
    readonly [Kind in keyof V]: Codec<V[Kind]>;
  },
): Codec<Variant<V>> {
  const kinds = Object.keys(descriptions) as (keyof V & string)[];
  return {
    write: (value, out) => {
      const place = kinds.indexOf(value.kind);
      const kind = kinds[place];
      if (kind === undefined) throw new RangeError('unknown kind');
      u8.write(place, out);
      descriptions[kind].write(value as V[keyof V & string], out);
    },
    read: (from) => {
      const kind = kinds[u8.read(from)];
      if (kind === undefined) throw new MalformedBytes('unknown kind');
      return { kind, ...(descriptions[kind].read(from) as object) } as Variant<V>;
    },
  };
}
