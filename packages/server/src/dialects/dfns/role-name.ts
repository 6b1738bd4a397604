/** Built-in roles go by the product's names. */
const BUILT_IN_NAMES: ReadonlyMap<string, string> = new Map([
  ['administrator', 'ManagedFullAdminAccess'],
  ['end-user', 'ManagedDefaultEndUserAccess'],
]);

export function roleName(name: string): string {
  return BUILT_IN_NAMES.get(name) ?? name;
}
