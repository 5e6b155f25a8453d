/** The narrower of two hostnames where they share any, or null. `*.a.b` stands for names of one or more labels before `.a.b`. */
function intersectHostnames(a: string, b: string): string | null {
  if (covers(a, b)) return b;
  return covers(b, a) ? a : null;
}

/** Hostnames under which a route is served by a listener; empty: it has none there. */
export function servedHostnames(listener: string, route: readonly string[]): string[] {
  if (route.length === 0) return [listener];
  return route
    .map((hostname) => intersectHostnames(listener, hostname.toLowerCase()))
    .filter((hostname) => hostname !== null);
}

/** Of several listeners on a port a request belongs to the one with the most specific hostname, and to no other. */
export function mostSpecific(hostnames: readonly string[], hostname: string): string | null {
  if (hostnames.includes(hostname)) return hostname;
  const covering = hostnames.filter((candidate) => covers(candidate, hostname));
  return covering.sort((a, b) => b.length - a.length)[0] ?? null;
}

function covers(pattern: string, hostname: string): boolean {
  if (!pattern.startsWith('*')) return pattern === hostname;
  return hostname.endsWith(pattern.slice(1)) && (pattern === hostname || hostname.length > pattern.length - 1);
}
