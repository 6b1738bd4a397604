import { dfns } from './dfns/dfns-dialect.ts';
import type { Dialect } from './dialect.ts';
import { dsm } from './dsm/dsm-dialect.ts';
import { native } from './native/native-dialect.ts';
import { vertex } from './vertex/vertex-dialect.ts';

/** Every API that is spoken. Adding one: its folder, and a line here. */
export const DIALECTS: readonly Dialect[] = [native, dsm, dfns, vertex];
