/**
 * Runs the cases of testdata/*.md. A case is a `## name`, prose if need be, and blocks:
 *
 * - `input`: the bytes. Each line stands for its text and CRLF, without CRLF if it ends with `\`. Escapes: `\r \n \t \0 \\`,
 *   `\xHH`, and `\{text*n}` for n times the text. Lines that begin with `%` are no bytes: `%end` (the peer closes),
 *   `%limit name=value`, and for responses `%method NAME` (of the request, GET if not given), `%upgrade protocols` (offered) and
 *   `%client 1.0`.
 * - `events`: what the parser tells, in the form of test/support/http1-recorder.ts, with the same escapes.
 * - `forward` (optional): what the encoders send on for it, in the form of an input.
 *
 * Files named request-*.md feed a RequestParser, response-*.md a ResponseParser. Each case runs at once, split in two at every
 * byte, and byte by byte, at each pace; all have to give the same.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  forwardedHeads,
  PACES,
  type Pace,
  type Recording,
  recordRequests,
  recordResponses,
} from '../../test/support/http1-recorder.ts';
import { DEFAULT_HTTP1_LIMITS, type Http1Limits } from './http1-limits.ts';

/** Splitting at every byte costs the square of the length, so long inputs are split at this many places only. */
const MAX_SPLITS = 600;

interface CodecCase {
  readonly name: string;
  readonly input: Buffer;
  readonly events: string;
  readonly forward: string | null;
  readonly directives: Readonly<Record<string, string>>;
  readonly limits: Http1Limits;
}

const folder = new URL('testdata/', import.meta.url);

for (const file of readdirSync(folder).filter((name) => name.endsWith('.md'))) {
  describe(file, () => {
    const record = file.startsWith('request-') ? recordRequestCase : recordResponseCase;
    for (const codecCase of parseCases(readFileSync(new URL(file, folder), 'utf8'))) {
      it(codecCase.name, () => check(codecCase, record));
    }
  });
}

type RecordCase = (codecCase: CodecCase, pieces: readonly Buffer[], pace: Pace) => Recording;

function check(codecCase: CodecCase, record: RecordCase): void {
  const { input } = codecCase;
  const whole = record(codecCase, [input], 'inline');
  assert.equal(escaped(whole.events.join('\r\n')), codecCase.events);
  if (codecCase.forward !== null) assert.equal(escaped(forwardedHeads(whole)), codecCase.forward);
  const bytes = Array.from(input, (_, at) => input.subarray(at, at + 1));
  for (const pace of PACES) {
    assert.deepEqual(record(codecCase, [input], pace).events, whole.events, `at once, ${pace}`);
    assert.deepEqual(record(codecCase, bytes, pace).events, whole.events, `byte by byte, ${pace}`);
  }
  const step = Math.ceil(input.length / MAX_SPLITS);
  for (let at = 1; at < input.length; at += step) {
    const pieces = [input.subarray(0, at), input.subarray(at)];
    const split = record(codecCase, pieces, at % 2 === 0 ? 'inline' : 'deferred');
    assert.deepEqual(split.events, whole.events, `split at byte ${at}`);
    assert.deepEqual(split.messages, whole.messages, `split at byte ${at}`);
  }
}

function recordRequestCase(codecCase: CodecCase, pieces: readonly Buffer[], pace: Pace): Recording {
  return recordRequests(codecCase.limits, pieces, 'end' in codecCase.directives, pace);
}

function recordResponseCase(codecCase: CodecCase, pieces: readonly Buffer[], pace: Pace): Recording {
  const { directives, limits } = codecCase;
  const clientMinor = directives['client'] === '1.0' ? 0 : 1;
  return recordResponses(
    limits,
    pieces,
    'end' in directives,
    pace,
    directives['method'],
    directives['upgrade'],
    clientMinor,
  );
}

function parseCases(markdown: string): CodecCase[] {
  return markdown
    .split(/^## /m)
    .slice(1)
    .map((section) => parseCase(section));
}

function parseCase(section: string): CodecCase {
  const name = section.slice(0, section.indexOf('\n'));
  const directives: { [name: string]: string } = {};
  const limits: { [name: string]: number } = {};
  const lines: string[] = [];
  for (const line of block(section, 'input') ?? assert.fail(`${name}: no input`)) {
    const directive = /^%(\w+) ?(.*)$/.exec(line);
    if (directive === null) {
      lines.push(line);
    } else if (directive[1] === 'limit') {
      const [limit, value] = directive[2]!.split('=');
      assert(limit! in DEFAULT_HTTP1_LIMITS, `${name}: no such limit: ${limit}`);
      limits[limit!] = Number(value);
    } else {
      directives[directive[1]!] = directive[2]!;
    }
  }
  const events = block(section, 'events') ?? assert.fail(`${name}: no events`);
  const forward = block(section, 'forward');
  return {
    name,
    input: Buffer.from(bytesOf(lines), 'latin1'),
    // Written out and escaped again, so that it does not matter which of two ways of writing is used.
    events: escaped(unescaped(events.join('\r\n'))),
    forward: forward === null ? null : escaped(bytesOf(forward)),
    directives,
    limits: { ...DEFAULT_HTTP1_LIMITS, ...limits },
  };
}

function block(section: string, kind: string): string[] | null {
  const match = new RegExp(`^\`\`\`${kind}\\n(.*?)^\`\`\`$`, 'ms').exec(section);
  return match === null ? null : match[1]!.split('\n').slice(0, -1);
}

function bytesOf(lines: readonly string[]): string {
  return unescaped(
    lines.map((line) => (/(?<!\\)(?:\\\\)*\\$/.test(line) ? line.slice(0, -1) : `${line}\r\n`)).join(''),
  );
}

function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|\{((?:[^\\*]|\\.)*)\*(\d+)\}|(.))/g,
    (found, hex, repeated, count, letter) => {
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
      if (repeated !== undefined) return unescaped(repeated).repeat(Number(count));
      const character = { r: '\r', n: '\n', t: '\t', '0': '\0', '\\': '\\' }[letter as string];
      return character ?? assert.fail(`no such escape: ${found}`);
    },
  );
}

/** Readable in a failure: one line per line. */
function escaped(text: string): string {
  return text.replace(/\r\n|[^\n\x20-\x7e]|\n/g, (found) =>
    found === '\r\n' ? '\\r\\n\n' : `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
