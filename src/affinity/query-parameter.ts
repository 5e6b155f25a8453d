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
    const equals = path.indexOf('=', start);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    if (nameEnd - start === name.length && path.startsWith(name, start)) {
      return nameEnd === end ? '' : path.slice(nameEnd + 1, end);
    }
    start = end + 1;
  }
  return null;
}
