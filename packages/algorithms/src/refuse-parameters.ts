import type { Algorithm } from './algorithm.ts';

/** `parseParameters` of an algorithm whose keys have no parameters. */
export const refuseParameters: Algorithm['parseParameters'] = (parameters) => {
  const [unknown] = Object.keys(parameters);
  if (unknown === undefined) return { ok: true, value: {} };
  return { ok: false, reason: `keys of this algorithm have no parameters; leave out ${unknown}` };
};
