import { check, convert, integer, limit, maybe, type Schema, text, texts } from '../../resources/schema.ts';

/** Fields that several of Istio's kinds share. What istiod's webhook asks beyond types is in `rules-*.ts`. */

export const exportTo: Schema<readonly string[]> = texts;

export const INT32: Schema<number> = integer(-2147483648, 2147483647);
export const UINT32: Schema<number> = integer(0, 4294967295);

/** A port, of which 0 is none. */
export const portOrNone: Schema<number | null> = convert(maybe(UINT32), (port) => (port === 0 ? null : port), '');

/** Any number that JSON holds exactly; what is above `maximum` counts as that. */
export function unsignedUpTo(maximum: number): Schema<number> {
  return convert(integer(0, Number.MAX_SAFE_INTEGER), (value) => Math.min(value, maximum), '');
}

/** Text that Istio passes on and Envoy, or HTTP, does not take. */
export function servable(find: (value: string) => string | null): Schema<string> {
  return limit(text, find);
}

/** A list that the schema of the resource bounds. */
export function limitedList<T>(list: Schema<readonly T[]>, maximum: number): Schema<readonly T[]> {
  return check(list, ({ length }) => length <= maximum, `must have at most ${maximum} items`);
}

/** Text that the schema of the resource bounds. */
export function limitedText(maximum: number): Schema<string> {
  return check(text, ({ length }) => length <= maximum, `must have at most ${maximum} characters`);
}
