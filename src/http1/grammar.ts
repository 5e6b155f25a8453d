import { FIELD_VALUE, TOKEN } from './characters.ts';

/** Whether `text` is a token (RFC 9110 §5.6.2): a method, a field name. */
export function isToken(text: string): boolean {
  return text !== '' && isAll(text, TOKEN);
}

/** Whether `text` may be a field value: no control characters but HTAB, nothing above U+00FF, no white space around it (RFC 9110 §5.5). */
export function isFieldValue(text: string): boolean {
  return isAll(text, FIELD_VALUE) && !/^[\t ]|[\t ]$/.test(text);
}

/** Whether `text` can be the path and query of a request as it is: `/`, then what a target may have. */
export function isOriginForm(text: string): boolean {
  return /^\/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?[\]{}|^`]|%[0-9A-Fa-f]{2})*$/.test(text);
}

function isAll(text: string, table: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) {
    if (table[text.charCodeAt(i)] !== 1) return false;
  }
  return true;
}
