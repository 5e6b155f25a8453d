import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_HTTP1_LIMITS } from './http1-limits.ts';
import { RequestParser } from './request-parser.ts';

// What is read is in testdata/request-*.md; here is how the parser works together with its caller.

const GET = 'GET /1 HTTP/1.1\r\nHost: a\r\n\r\n';
const POST = 'POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED = 'POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

/** Notes what it is told; `on` may act on it. */
function createParser(on: (event: string, parser: RequestParser) => void = () => {}) {
  const events: string[] = [];
  const tell = (event: string) => {
    events.push(event);
    on(event, parser);
  };
  const parser: RequestParser = new RequestParser(DEFAULT_HTTP1_LIMITS, {
    onRequestHead: (head) => tell(`head ${head.target}`),
    onRequestBody: (chunk) => tell(`body ${chunk.toString('latin1')}`),
    onRequestEnd: () => tell('end'),
    onRequestError: (error) => tell(error.code),
  });
  return { parser, events, push: (text: string) => parser.push(Buffer.from(text, 'latin1')) };
}

describe('RequestParser', () => {
  it('serves pipelined requests one at a time, each after next()', () => {
    const { parser, events, push } = createParser();
    assert.equal(push(`${GET}${POST}${GET}`), false);
    assert.deepEqual(events, ['head /1', 'end']);
    assert.equal(parser.next(), false);
    assert.deepEqual(events.splice(0), ['head /1', 'end', 'head /p', 'body hello', 'end']);
    assert.equal(parser.next(), true);
    assert.deepEqual(events, ['head /1', 'end']);
    assert.equal(parser.head.target, '/1');
  });

  it('takes more bytes in while a request is served, and says to stop reading', () => {
    const { parser, events, push } = createParser();
    assert.equal(push(GET), true);
    assert.equal(push(GET.slice(0, 10)), false);
    assert.equal(push(GET.slice(10)), false);
    assert.deepEqual(events, ['head /1', 'end']);
    assert.equal(parser.next(), true);
    assert.deepEqual(events, ['head /1', 'end', 'head /1', 'end']);
  });

  it('can be told to go on from within an event', () => {
    const { events, push } = createParser((event, parser) => {
      if (event === 'end') parser.next();
    });
    assert.equal(push(GET.repeat(3)), true);
    assert.equal(events.length, 6);
  });

  it('does nothing at next() before the end of the request', () => {
    const { parser, events, push } = createParser();
    push(POST.slice(0, -1));
    parser.next();
    push('o');
    assert.deepEqual(events, ['head /p', 'body hell', 'body o', 'end']);
  });

  it('tells nothing while it is paused, then all of it', () => {
    const { parser, events, push } = createParser((event, it) => {
      if (event === 'body a') it.pause();
    });
    assert.equal(push(`${CHUNKED}1\r\na\r\n1\r\nb\r\n0\r\n\r\n`), false);
    assert.equal(push(''), false);
    assert.deepEqual(events, ['head /c', 'body a']);
    assert.equal(parser.resume(), true);
    assert.deepEqual(events, ['head /c', 'body a', 'body b', 'end']);
  });

  it('gives body bytes out as views of what was pushed', () => {
    const chunk = Buffer.from(POST, 'latin1');
    const bodies: Buffer[] = [];
    const parser = new RequestParser(DEFAULT_HTTP1_LIMITS, {
      onRequestHead() {},
      onRequestBody: (body) => bodies.push(body),
      onRequestEnd() {},
      onRequestError: (error) => assert.fail(error.message),
    });
    parser.push(chunk);
    chunk.fill('x');
    assert.deepEqual(bodies.map(String), ['xxxxx']);
  });

  it('does not need a pushed chunk any more when push has returned', () => {
    const { events, parser } = createParser();
    for (const part of [GET.slice(0, 12), `${GET.slice(12)}${POST}`]) {
      const chunk = Buffer.from(part, 'latin1');
      parser.push(chunk);
      chunk.fill(0);
    }
    parser.next();
    assert.deepEqual(events, ['head /1', 'end', 'head /p', 'body hello', 'end']);
  });

  it('hands the bytes over that follow a request, and is then done', () => {
    const { parser, events, push } = createParser();
    push(`${GET}\x81\x05tunnel`);
    assert.equal(parser.detach().toString('latin1'), '\x81\x05tunnel');
    assert.equal(push(GET), true);
    parser.next();
    parser.end();
    assert.deepEqual(events, ['head /1', 'end']);
    assert.equal(parser.detach().length, 0);
  });

  it('can be detached from within an event', () => {
    let rest = '';
    const { events, push } = createParser((event, parser) => {
      if (event === 'end') rest = parser.detach().toString('latin1');
    });
    push(`${GET}rest`);
    assert.equal(rest, 'rest');
    assert.deepEqual(events, ['head /1', 'end']);
  });

  it('tells nothing after an error', () => {
    const { parser, events, push } = createParser();
    push('GET /\n');
    push(GET);
    parser.next();
    parser.resume();
    parser.end();
    assert.deepEqual(events, ['bad-line-end']);
  });

  it('is idle between requests only', () => {
    const { parser, push } = createParser();
    assert(parser.isIdle);
    push(GET.slice(0, 1));
    assert(!parser.isIdle);
    push(GET.slice(1));
    assert(parser.isIdle);
    push('\r\nG');
    assert(!parser.isIdle);
    parser.next();
    assert(!parser.isIdle);
  });

  it('serves what is whole when the client has closed its side', () => {
    const { parser, events, push } = createParser();
    push(GET + GET);
    parser.end();
    assert.deepEqual(events, ['head /1', 'end']);
    parser.next();
    assert.deepEqual(events, ['head /1', 'end', 'head /1', 'end']);
    parser.next();
    assert.equal(events.length, 4);
  });

  it('tells that a pipelined request is cut off only when its turn has come', () => {
    const { parser, events, push } = createParser();
    push(GET + POST.slice(0, -2));
    parser.end();
    assert.deepEqual(events.splice(0), ['head /1', 'end']);
    parser.next();
    assert.deepEqual(events, ['head /p', 'body hel', 'incomplete-message']);
  });

  it('holds no text of a request when the next one is awaited', () => {
    const { parser, push } = createParser();
    push(GET);
    assert.equal(parser.head.text, GET);
    parser.next();
    assert.equal(parser.head.text, '');
  });
});
