/**
 * Value of the first query parameter called `name` in `path`, or null; nothing is decoded (envoy-affinity §7.7).
 * Both are byte strings.
 */
export function readQueryParameter(path: string, name: string): string | null {
  let start = path.indexOf('?') + 1;
  if (start === 0) return null;
  while (start < path.length) {
    const ampersand = path.indexOf('&', start);
    const end = ampersand < 0 ? path.length : ampersand;
    const nameEnd = start + name.length;
    if (nameEnd <= end && path.startsWith(name, start) && !name.includes('=')) {
      if (nameEnd === end) return '';
      if (path[nameEnd] === '=') return path.slice(nameEnd + 1, end);
    }
    start = end + 1;
  }
  return null;
}
