/** Status codes that Go's net/http has a text for, which is what Istio's validation asks. */
export function isKnownStatus(code: number): boolean {
  return KNOWN_STATUS.some(([first, last]) => code >= first && code <= last);
}

const KNOWN_STATUS: readonly (readonly [first: number, last: number])[] = [
  [100, 103],
  [200, 208],
  [226, 226],
  [300, 305],
  [307, 308],
  [400, 418],
  [421, 426],
  [428, 429],
  [431, 431],
  [451, 451],
  [500, 508],
  [510, 511],
];
