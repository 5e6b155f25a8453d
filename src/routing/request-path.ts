/** Index of the `?`, or the length: where the path of a request target ends. */
export function pathEnd(target: string): number {
  const question = target.indexOf('?');
  return question < 0 ? target.length : question;
}

/**
 * Raw value of the first parameter with that name, or undefined: split at `&`, then at the first `=`, nothing decoded
 * (envoy-affinity §7.7). A parameter without `=` has the empty value.
 */
export function findQueryParameter(target: string, name: string): string | undefined {
  let start = target.indexOf('?') + 1;
  if (start === 0) return undefined;
  while (start <= target.length) {
    const ampersand = target.indexOf('&', start);
    const end = ampersand < 0 ? target.length : ampersand;
    const valueAt = start + name.length;
    if (valueAt <= end && target.startsWith(name, start)) {
      if (valueAt === end) return '';
      if (target.charCodeAt(valueAt) === EQUALS) return target.slice(valueAt + 1, end);
    }
    start = end + 1;
  }
  return undefined;
}

const EQUALS = 0x3d;
