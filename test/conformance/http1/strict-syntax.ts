/*
 * HTTP/1.1's grammar, written for the judge alone: what the proxy lets through is measured with another rule than its own.
 */

export type Field = readonly [name: string, value: string];

export const REQUEST_LINE: RegExp = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])$/;
export const STATUS_LINE: RegExp = /^HTTP\/1\.([01]) ([1-9][0-9][0-9])(?: ([\t\x20-\x7e\x80-\xff]*))?$/;

const FIELD_NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const CHUNK_LINE = /^([0-9A-Fa-f]{1,16})([ \t]*;[\t\x20-\x7e\x80-\xff]*)?$/;
const LENGTH = /^[0-9]{1,18}$/;

/** Reads the lines of a header or trailer section; what is wrong with them is added to `anomalies`. */
export function parseFields(lines: readonly string[], where: string, anomalies: string[]): Field[] {
  return lines.map((line) => {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : trimBlanks(line.slice(colon + 1));
    if (colon < 0 || !FIELD_NAME.test(name) || !FIELD_VALUE.test(value)) {
      anomalies.push(`${where}: ${nameFault(line)}`);
    }
    return [name, value];
  });
}

function nameFault(line: string): string {
  if (line.startsWith(' ') || line.startsWith('\t')) return 'folded line or leading white space';
  if (line.includes('\n')) return 'bare LF';
  if (line.includes('\r')) return 'bare CR';
  if (line.includes('\0')) return 'NUL';
  return `invalid line ${JSON.stringify(line.slice(0, 60))}`;
}

/** Values of all lines of a field, which is named in lower case. */
export function valuesOf(fields: readonly Field[], name: string): string[] {
  return fields.filter(([other]) => other.toLowerCase() === name).map(([, value]) => value);
}

/** Members of a field's list in lower case. */
export function membersOf(fields: readonly Field[], name: string): string[] {
  return valuesOf(fields, name)
    .flatMap((value) => value.split(','))
    .map((member) => trimBlanks(member).toLowerCase())
    .filter((member) => member !== '');
}

/** Checks the framing fields that requests and responses share (RFC 9112 §6). */
export function checkFraming(fields: readonly Field[], anomalies: string[]): void {
  const lengths = valuesOf(fields, 'content-length');
  const codings = valuesOf(fields, 'transfer-encoding');
  if (lengths.length > 0 && codings.length > 0) anomalies.push('both Content-Length and Transfer-Encoding');
  if (lengths.length > 1) anomalies.push('more than one Content-Length');
  if (lengths.some((length) => !LENGTH.test(length))) anomalies.push(`Content-Length ${JSON.stringify(lengths)}`);
  if (codings.length > 0 && codings.join().toLowerCase() !== 'chunked') {
    anomalies.push(`Transfer-Encoding ${JSON.stringify(codings)}`);
  }
}

/** The size that a chunk's first line (without CRLF) gives; null: it is no such line. */
export function parseChunkLine(line: string): { readonly size: number; readonly hasExtension: boolean } | null {
  const match = CHUNK_LINE.exec(line);
  return match === null ? null : { size: Number.parseInt(match[1]!, 16), hasExtension: match[2] !== undefined };
}

function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
