/** Order of two byte strings as memcmp gives it, for Array.prototype.sort. */
export function compareByteStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
