/**
 * Every byte, put in and in the place of each byte of a message: whether the parsers take the result is compared with
 * regular expressions that follow the ABNF of the RFCs and know nothing of the parsers.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recordRequests, recordResponses } from '../../test/support/http1-recorder.ts';
import { DEFAULT_HTTP1_LIMITS } from './http1-limits.ts';

const TCHAR = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]";
const OWS = '[ \\t]*';
const VCHAR = '[\\x21-\\x7e\\x80-\\xff]';
/** RFC 9110 §5.5, with the white space around it. */
const FIELD = new RegExp(`^${TCHAR}+:${OWS}(?:${VCHAR}(?:[\\t\\x20-\\x7e\\x80-\\xff]*${VCHAR})?)?${OWS}$`);

/** Characters of RFC 3986 §3.3, and the others that docs/http1.md says are taken in a path, or only in a query. */
const PATH = "(?:[A-Za-z0-9\\-._~!$&'()*+,;=:@/\\[\\]{}|^`]|%(?!00)[0-9A-Fa-f]{2})*";
const QUERY = "(?:\\?[A-Za-z0-9\\-._~!$&'()*+,;=:@/?\\[\\]{}|^`%\\\\]*)?";
const REQUEST_LINE = new RegExp(`^${TCHAR}+ /${PATH}${QUERY} HTTP/1\\.[0-9]$`);
const STATUS_LINE = /^HTTP\/1\.[0-9] [1-9][0-9]{2}(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const HOST = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+(?::[0-9]{0,4})?$/;
const LENGTH = /^[0-9]{1,16}$/;

const QUOTED = `"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*"`;
const EXTENSION = `${OWS};${OWS}${TCHAR}+(?:${OWS}=${OWS}(?:${TCHAR}+|${QUOTED}))?`;
/** RFC 9112 §7.1; the number of digits is ours. */
const CHUNK_LINE = new RegExp(`^([0-9A-Fa-f]{1,16})(?:${EXTENSION})*$`);

/** `message` with each byte put in before, and in the place of, each of its bytes from `from` to `to`. */
function* mutated(message: string, from = 0, to = message.length): Generator<string> {
  for (let at = from; at < to; at++) {
    for (let code = 0; code < 256; code++) {
      const head = message.slice(0, at) + String.fromCharCode(code);
      yield head + message.slice(at);
      yield head + message.slice(at + 1);
    }
    yield message.slice(0, at) + message.slice(at + 1);
  }
}

function assertAgreed(verdicts: Iterable<readonly [message: string, wanted: boolean, got: boolean]>): void {
  const wrong: string[] = [];
  for (const [message, wanted, got] of verdicts) {
    if (wanted !== got) wrong.push(`${got ? 'taken' : 'refused'}: ${JSON.stringify(message)}`);
  }
  assert.deepEqual(wrong.slice(0, 10), [], `${wrong.length} in all`);
}

/** The lines of a head, and whether it has the fields that it may have. */
function isHead(message: string, line: RegExp, isFine: (valuesOf: (name: string) => string[]) => boolean): boolean {
  const end = message.indexOf('\r\n\r\n');
  const [first = '', ...fields] = message.slice(0, end).split('\r\n');
  if (end < 0 || !line.test(first) || !fields.every((field) => FIELD.test(field))) return false;
  const pairs = fields.map((field) => [field.split(':', 1)[0] ?? '', field] as const);
  return isFine((name) =>
    pairs
      .filter(([each]) => each.toLowerCase() === name)
      .map(([each, field]) => field.slice(each.length + 1).replace(/^[\t ]+|[\t ]+$/g, '')),
  );
}

function takesRequest(message: string): boolean {
  const { events } = recordRequests(DEFAULT_HTTP1_LIMITS, [Buffer.from(message, 'latin1')], true, 'inline');
  return events[0]?.startsWith('request ') === true;
}

function isRequest(message: string): boolean {
  // One empty line may precede it (RFC 9112 §2.2).
  const request = message.startsWith('\r\n') ? message.slice(2) : message;
  const isOld = / HTTP\/1\.0\r\n/.test(request);
  return isHead(request, REQUEST_LINE, (valuesOf) => {
    const hosts = valuesOf('host');
    if (hosts.length === 0 ? !isOld : hosts.length > 1 || !HOST.test(hosts[0] ?? '')) return false;
    const lengths = valuesOf('content-length');
    return lengths.length <= 1 && lengths.every((length) => LENGTH.test(length));
  });
}

/** The data of a chunked body and what follows it; null: it is broken. */
function decode(body: string, isTrailer: (field: string) => boolean): string | null {
  let data = '';
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at);
    const size = end < 0 ? null : CHUNK_LINE.exec(body.slice(at, end));
    if (size === null) return null;
    const length = Number.parseInt(size[1] ?? '', 16);
    at = end + 2;
    if (length === 0) return hasTrailers(body.slice(at), isTrailer) ? data : null;
    data += body.slice(at, at + length);
    at += length + 2;
    if (at > body.length || body.slice(at - 2, at) !== '\r\n') return null;
  }
}

function hasTrailers(section: string, isTrailer: (field: string) => boolean): boolean {
  const end = section.startsWith('\r\n') ? 0 : section.indexOf('\r\n\r\n');
  if (end < 0) return false;
  return end === 0 || section.slice(0, end).split('\r\n').every(isTrailer);
}

describe('every byte at every place', () => {
  it('of a request’s head', () => {
    const message =
      'POST /a%41b?c=d HTTP/1.1\r\nHost: a.example\r\nX-Ab: v w\r\nAccept:*/*\r\nContent-Length: 0\r\n\r\n';
    assert.equal(isRequest(message), true);
    function* verdicts(): Generator<[string, boolean, boolean]> {
      // Behind the empty line stands another message.
      for (const each of mutated(message, 0, message.length - 2)) yield [each, isRequest(each), takesRequest(each)];
    }
    assertAgreed(verdicts());
  });

  it('of a response’s head', () => {
    const message = 'HTTP/1.1 200 O K\r\nContent-Length: 0\r\nX-Ab: v w\r\n\r\n';
    const isResponse = (each: string): boolean =>
      isHead(each, STATUS_LINE, (valuesOf) => {
        const lengths = valuesOf('content-length');
        // Without an upgrade asked for, 101 is never one.
        return !each.startsWith('101', 9) && lengths.length <= 1 && lengths.every((length) => LENGTH.test(length));
      });
    assert.equal(isResponse(message), true);
    function* verdicts(): Generator<[string, boolean, boolean]> {
      for (const each of mutated(message, 0, message.length - 2)) {
        const { events } = recordResponses(DEFAULT_HTTP1_LIMITS, [Buffer.from(each, 'latin1')], true, 'inline');
        yield [each, isResponse(each), events[0]?.startsWith('response ') === true];
      }
    }
    assertAgreed(verdicts());
  });

  it('of a chunked body', () => {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    const body = '5 ;a = "b\\"c";d=e\r\nhello\r\n0a\r\n0123456789\r\n0;z\r\nX-T: 1\r\nY:2\r\n\r\n';
    const isTrailer = (field: string): boolean => FIELD.test(field);
    assert.equal(decode(body, isTrailer), 'hello0123456789');
    function* verdicts(): Generator<[string, boolean, boolean]> {
      for (const each of mutated(body)) {
        const wanted = decode(each, isTrailer);
        const { messages } = recordRequests(DEFAULT_HTTP1_LIMITS, [Buffer.from(head + each, 'latin1')], true, 'inline');
        const got = messages[0]?.isComplete === true ? messages[0].body : null;
        yield [each, wanted !== null, got !== null];
        assert.equal(got, wanted);
      }
    }
    assertAgreed(verdicts());
  });
});
