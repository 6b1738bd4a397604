import type { Dialect } from './dialect.ts';
import { dsm } from './dsm/dsm-dialect.ts';
import { vertex } from './vertex/vertex-dialect.ts';

/** Every API that is spoken. Adding one: its folder, and a line here. */
export const DIALECTS: readonly Dialect[] = [dsm, vertex];
