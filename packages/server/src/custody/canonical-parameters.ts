import type { KeyParameters } from '@countersign/algorithms/algorithm';

/** The one encoding of key parameters that is sealed and compared: JSON, members sorted by code unit, no spaces. */
export function canonicalParameters(parameters: KeyParameters): Buffer {
  const members = Object.keys(parameters)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${JSON.stringify(parameters[name])}`);
  return Buffer.from(`{${members.join(',')}}`, 'utf8');
}
