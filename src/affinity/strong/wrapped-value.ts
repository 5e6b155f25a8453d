/** Stands between the token and the application's value; neither base64 nor base64url has it, and cookie values may. */
const SEPARATOR = '~';

/** A token and the application's own value behind it. */
export interface WrappedValue {
  readonly token: string;
  readonly value: string;
}

/** `value` with a token in front of it; inside the quotes where it has some. */
export function wrapValue(token: string, value: string): string {
  return value.startsWith('"') ? `"${token}${SEPARATOR}${value.slice(1)}` : `${token}${SEPARATOR}${value}`;
}

/** The two apart; null: there is nothing in front that looks like a token, so that all of it is the application's. */
export function unwrapValue(text: string, looksLikeToken: (text: string) => boolean): WrappedValue | null {
  const start = text.startsWith('"') ? 1 : 0;
  const end = text.indexOf(SEPARATOR, start);
  if (end < 0) return null;
  const token = text.slice(start, end);
  if (!looksLikeToken(token)) return null;
  return { token, value: text.slice(0, start) + text.slice(end + 1) };
}
