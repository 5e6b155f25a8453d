/**
 * Character classes as tables indexed by byte, so that one load decides about one byte. All of them have 256 entries:
 * a byte or a character of a latin1 string is always in range.
 */

/** tchar of RFC 9110 §5.6.2: what methods, field names and options are made of. */
export const TOKEN: Uint8Array = classOf("!#$%&'*+-.^_`|~", isAlphanumeric);

/** What a field value or a reason phrase may hold: HTAB, SP, VCHAR, obs-text (RFC 9110 §5.5). */
export const FIELD_VALUE: Uint8Array = classOf('\t ', (code) => code > 0x20 && code !== 0x7f);

/** HEXDIG -> its value + 1, so that 0 says "no digit". */
export const HEX: Uint8Array = hexTable();

/** Byte -> the byte in lower case; all but A-Z are themselves. */
export const LOWER: Uint8Array = Uint8Array.from({ length: 256 }, (_, code) =>
  code >= 0x41 && code <= 0x5a ? code + 0x20 : code,
);

/** reg-name of RFC 3986 §3.2.2 but the percent sign: unreserved and sub-delims. */
export const REG_NAME: Uint8Array = classOf("-._~!$&'()*+,;=", isAlphanumeric);

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;

function classOf(members: string, also: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) =>
    members.includes(String.fromCharCode(code)) || also(code) ? 1 : 0,
  );
}

function isAlphanumeric(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

function hexTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (let digit = 0; digit < 16; digit++) {
    const text = digit.toString(16);
    table[text.charCodeAt(0)] = digit + 1;
    table[text.toUpperCase().charCodeAt(0)] = digit + 1;
  }
  return table;
}

/** Whether `text` from `start` on is `name`, which is in lower case; `text` may be in any case and has to be long enough. */
export function equalsIgnoringCase(text: string, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    if (LOWER[text.charCodeAt(start + i)] !== name.charCodeAt(i)) return false;
  }
  return true;
}
