import { validateRegex, validateSubstitution } from '../model/regex.ts';
import { linted, list, problem, type Schema, text } from './schema.ts';

/** Fields that end up on the wire or in a matcher: what they may hold is HTTP's rule, the same for every dialect. */

/** RFC 9110 §5.1: a token. */
export const headerName: Schema<string> = problem(text, headerNameProblem);

export function headerNameProblem(name: string): string | null {
  return isToken(name) ? null : "must be a header name (letters, digits and !#$%&'*+-.^_`|~)";
}

/** A header name, or a pseudo-header that stands for a part of the request line. */
export const headerOrPseudoName: Schema<string> = problem(text, headerOrPseudoNameProblem);

export function headerOrPseudoNameProblem(name: string): string | null {
  return /^:(?:path|method|authority|scheme)$/.test(name) ? null : headerNameProblem(name);
}

/** RFC 9110 §5.5: no control characters, so that a value can't begin another header line. */
export const headerValue: Schema<string> = problem(text, (value) =>
  hasControl(value) ? 'must not hold line breaks or other control characters' : null,
);

/** As `headerValue`, where Envoy would fill in format commands such as `%REQ(x-a)%`; `%%` is a percent sign. */
export const formattedValue: Schema<string> = linted(headerValue, (value) =>
  /%[A-Z_]/.test(String(value).replaceAll('%%', '')) ? 'has a format command, which is sent as it stands' : null,
);

/** The text that a header value with doubled percent signs stands for. */
export function unescapePercent(value: string): string {
  return value.replaceAll('%%', '%');
}

/** RFC 6265 §4.1.1. */
export const cookieName: Schema<string> = problem(text, cookieNameProblem);

export function cookieNameProblem(name: string): string | null {
  return isToken(name) ? null : 'must be a cookie name';
}

/** RFC 6265 §4.1.1: the value of a cookie's attribute. */
export const cookieText: Schema<string> = problem(text, cookieTextProblem);

export function cookieTextProblem(value: string): string | null {
  return hasControl(value) || value.includes(';') ? 'must not hold semicolons or control characters' : null;
}

/** A host, with a port or without, as it goes into a Host or Location header. */
export const hostText: Schema<string> = problem(text, hostProblem);

export function hostProblem(value: string): string | null {
  return /^[\x21-\x7e]*$/.test(value) && !/[/?#@\\"<>]/.test(value) ? null : 'must be a host name';
}

/** A path, with a query or without, as it goes into a request line or a Location header. */
export const pathText: Schema<string> = problem(text, pathProblem);

export function pathProblem(value: string): string | null {
  return hasControl(value) || value.includes(' ') ? 'must not hold blanks or control characters' : null;
}

/** RE2: linear in time whatever a client sends. */
export const regexText: Schema<string> = problem(text, regexProblem);

export function regexProblem(pattern: string): string | null {
  const reason = validateRegex(pattern);
  return reason === null ? null : `can't be used: ${reason}`;
}

/** A pattern with what its matches give way to; the fault, if any, is the substitution's: a wrong pattern has its own. */
export function substitutionProblem(pattern: string, substitution: string): string | null {
  if (validateRegex(pattern) !== null) return null;
  if (hasControl(substitution)) return 'must not hold control characters';
  const reason = validateSubstitution(pattern, substitution);
  return reason === null ? null : `can't be used: ${reason}`;
}

export const headerNames: Schema<readonly string[]> = list(headerName);

function isToken(value: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(value);
}

/** Tabs are allowed where blanks are; `\p{Cc}` is what regex rules let one write for control characters. */
function hasControl(value: string): boolean {
  return /[^\P{Cc}\t]/u.test(value);
}
