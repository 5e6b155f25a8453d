import type { HeaderEdit } from '../../../src/affinity/header-edit.ts';
import { toByteString } from '../../../src/model/byte-string.ts';
import type { RequestView } from '../../../src/model/request-view.ts';
import { asList, NotUnderstood } from './fields.ts';

export type HeaderLine = readonly [name: string, value: string];

/** Header lines by index, as the gateway's heads offer them. */
export class HeaderLines {
  lines: HeaderLine[];

  constructor(lines: readonly HeaderLine[]) {
    this.lines = [...lines];
  }

  findHeader(name: string, from: number): number {
    for (let i = from; i < this.lines.length; i++) if (this.lines[i]?.[0] === name) return i;
    return -1;
  }

  headerValue(index: number): string {
    return this.lines[index]?.[1] ?? '';
  }

  values(name: string): string[] {
    return this.lines.filter(([other]) => other === name).map(([, value]) => value);
  }

  remove(name: string): void {
    this.lines = this.lines.filter(([other]) => other !== name);
  }

  apply({ op, name, value }: HeaderEdit): void {
    if (op === 'set') this.remove(name);
    this.lines.push([name, value]);
  }
}

/** A request of a recording as the gateway would see it. */
export class RecordedRequest extends HeaderLines implements RequestView {
  method = 'GET';
  scheme = 'http';
  authority: string;
  path: string;
  readonly originalPath: string;
  clientIp = '203.0.113.7';
  clientPort = 40000;
  remoteAddress = '203.0.113.7:40000';
  localAddress = '10.255.0.1:10000';
  readonly filterStates: Map<string, string> = new Map();

  constructor(path: string, headers: readonly HeaderLine[]) {
    super(headers.filter(([name]) => name !== 'host'));
    this.path = toByteString(path);
    this.originalPath = this.path;
    this.authority = headers.find(([name]) => name === 'host')?.[1] ?? 'test.local';
  }

  filterState(key: string): string | undefined {
    return this.filterStates.get(key);
  }
}

/** `[name, value]` pairs as sent: bytes on the wire, white space around a value being no part of it. */
export function parseHeaderLines(value: unknown, path: string): HeaderLine[] {
  return asList(value, path).map((pair) => {
    const [name, text] = asList(pair, path);
    if (typeof name !== 'string' || typeof text !== 'string')
      throw new NotUnderstood(`${path} has a header that is no text`);
    return [name.toLowerCase(), toByteString(text).replace(/^[ \t]+|[ \t]+$/g, '')] as const;
  });
}
