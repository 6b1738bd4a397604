import type { Endpoint, Method } from '../dialects/dialect.ts';

/** Methods that the endpoints have on a path (without query); empty where no endpoint matches. */
export function allowedMethods(endpoints: readonly Endpoint[], path: string): readonly Method[] {
  const segments = path.split('/');
  return endpoints.filter((endpoint) => matches(endpoint.path.split('/'), segments)).map((endpoint) => endpoint.method);
}

function matches(pattern: readonly string[], segments: readonly string[]): boolean {
  return (
    pattern.length === segments.length &&
    pattern.every((part, index) => (part.startsWith(':') ? segments[index] !== '' : part === segments[index]))
  );
}
