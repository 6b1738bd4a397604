/** Rules that hold for every signature of every account. Adding one: one file and one line. */
import { blindSign } from './blind-sign.ts';
import { keyUsable } from './key-usable.ts';
import { permission } from './permission.ts';
import { protectedDefaults } from './protected-defaults.ts';
import type { Rule } from './rule.ts';

export const BUILT_IN_RULES: readonly Rule[] = [keyUsable, permission, protectedDefaults, blindSign];
