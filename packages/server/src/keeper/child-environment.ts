/**
 * A child's environment, built anew: nothing is inherited but names on this list. NODE_OPTIONS, LD_PRELOAD,
 * NODE_CHANNEL_*, proxies and every secret stay behind. Settings reach the children by other ways.
 */
const INHERITED = ['LANG', 'LC_ALL', 'LD_LIBRARY_PATH', 'NODE_EXTRA_CA_CERTS'] as const;

/** @param extra names the caller adds on purpose, such as the path of a library */
export function childEnvironment(
  environment: NodeJS.ProcessEnv,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  // One arena: glibc gives every thread one of its own, and none of these processes allocates from many at once.
  const result: Record<string, string> = { TZ: 'UTC', NODE_ENV: 'production', MALLOC_ARENA_MAX: '1' };
  for (const name of INHERITED) {
    const value = environment[name];
    if (value !== undefined) result[name] = value;
  }
  return { ...result, ...extra };
}
