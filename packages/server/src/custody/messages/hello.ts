/** The first frame of a sealed process: who it is, how isolated it is, and which engines it runs. JSON. */
import {
  allocateFrame,
  FRAME_HEADER_BYTES,
  FRAME_TYPES,
  FrameError,
  SEALED_ROLES,
  type SealedRole,
} from '../frames.ts';
import { ByteReader } from './byte-reader.ts';

export interface EngineReport {
  readonly algorithm: string;
  /** Undefined where no engine of the algorithm is present: its keys are refused. */
  readonly engine: string | undefined;
  readonly description: string | undefined;
  readonly unavailable: readonly { readonly name: string; readonly reason: string }[];
}

export interface Hello {
  readonly role: SealedRole;
  readonly pid: number;
  /** What `sealProcess` reported; for logs only, its shape is the isolation's own. */
  readonly isolation: unknown;
  readonly engines: readonly EngineReport[];
}

export function packHello(hello: Hello): Buffer {
  const json = Buffer.from(JSON.stringify(hello), 'utf8');
  const frame = allocateFrame(FRAME_TYPES.hello, json.length);
  frame.set(json, FRAME_HEADER_BYTES);
  return frame;
}

/** @throws FrameError */
export function parseHello(body: Buffer): Hello {
  const json = new ByteReader(body).json(body.length) as Readonly<Record<string, unknown>>;
  const role = SEALED_ROLES.find((name) => name === json['role']);
  const engines = json['engines'];
  if (role === undefined || typeof json['pid'] !== 'number' || !Array.isArray(engines)) throw new FrameError('hello');
  return { role, pid: json['pid'], isolation: json['isolation'], engines: engines.map(parseEngine) };
}

function parseEngine(value: unknown): EngineReport {
  if (typeof value !== 'object' || value === null) throw new FrameError('hello');
  const json = value as Readonly<Record<string, unknown>>;
  const { algorithm, engine, description, unavailable } = json;
  if (typeof algorithm !== 'string' || !Array.isArray(unavailable)) throw new FrameError('hello');
  return {
    algorithm,
    engine: typeof engine === 'string' ? engine : undefined,
    description: typeof description === 'string' ? description : undefined,
    unavailable: unavailable.map((entry: unknown) => {
      const { name, reason } = Object(entry) as Readonly<Record<string, unknown>>;
      return { name: String(name), reason: String(reason) };
    }),
  };
}
