import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DEFAULT_HTTP1_LIMITS } from './http1-limits.ts';
import { ResponseParser } from './response-parser.ts';

// What is read is in testdata/response-*.md; here is how the parser works together with its caller.

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';

function createParser(on: (event: string, parser: ResponseParser) => void = () => {}) {
  const events: string[] = [];
  const tell = (event: string) => {
    events.push(event);
    on(event, parser);
  };
  const parser: ResponseParser = new ResponseParser(DEFAULT_HTTP1_LIMITS, {
    onResponseHead: (head) => tell(`head ${head.status}`),
    onResponseBody: (chunk) => tell(`body ${chunk.toString('latin1')}`),
    onResponseEnd: (_trailers, isReusable) => tell(isReusable ? 'end' : 'last end'),
    onResponseError: (error) => tell(error.code),
  });
  return { parser, events, push: (text: string) => parser.push(Buffer.from(text, 'latin1')) };
}

describe('ResponseParser', () => {
  it('reads one response after the other, each when it is expected', () => {
    const { parser, events, push } = createParser();
    for (let turn = 0; turn < 3; turn++) {
      parser.expect('GET', '');
      push(OK);
      assert.deepEqual(events.splice(0), ['head 200', 'body hi', 'end']);
      assert(parser.isIdle);
    }
    parser.expect('HEAD', '');
    push(OK.slice(0, -2));
    assert.deepEqual(events, ['head 200', 'end']);
  });

  it('can be used for the next request from within the end of a response', () => {
    const { parser, events, push } = createParser((event, it) => {
      if (event === 'end') it.expect('GET', '');
    });
    parser.expect('GET', '');
    push(OK);
    push(OK);
    assert.deepEqual(events, ['head 200', 'body hi', 'end', 'head 200', 'body hi', 'end']);
  });

  it('does not take a second response in the same bytes for the next one', () => {
    const { parser, events, push } = createParser((event, it) => {
      if (event.endsWith('end')) it.expect('GET', '');
    });
    parser.expect('GET', '');
    push(OK + OK);
    assert.deepEqual(events, ['head 200', 'body hi', 'last end']);
    push(OK);
    assert.deepEqual(events, ['head 200', 'body hi', 'last end']);
  });

  it('refuses bytes on an idle connection', () => {
    const { parser, events, push } = createParser();
    push(OK);
    assert.deepEqual(events.splice(0), ['unexpected-data']);
    parser.expect('GET', '');
    push(OK);
    assert.deepEqual(events, []);
  });

  it('tells that a connection is of no more use', () => {
    for (const head of ['HTTP/1.1 200 OK\r\nConnection: close', 'HTTP/1.0 200 OK']) {
      const { parser, events, push } = createParser();
      parser.expect('GET', '');
      push(`${head}\r\nContent-Length: 0\r\n\r\n`);
      assert.deepEqual(events, ['head 200', 'last end']);
    }
  });

  it('tells that the upstream closed before it answered, as a request may then be sent again', () => {
    const { parser, events } = createParser();
    parser.expect('GET', '');
    parser.end();
    assert.deepEqual(events, ['closed-before-response']);
  });

  it('tells nothing when an idle connection is closed', () => {
    const { parser, events, push } = createParser();
    parser.expect('GET', '');
    push(OK);
    parser.end();
    assert.deepEqual(events, ['head 200', 'body hi', 'end']);
  });

  it('counts interim responses anew for each request', () => {
    const { parser, events, push } = createParser();
    const many = 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(DEFAULT_HTTP1_LIMITS.maxInterimResponses);
    for (let turn = 0; turn < 2; turn++) {
      parser.expect('GET', '');
      push(many + OK);
      assert.deepEqual(events.splice(-3), ['head 200', 'body hi', 'end']);
    }
  });

  it('keeps head and meaning until the next request', () => {
    const { parser, push } = createParser();
    parser.expect('GET', '');
    push(OK);
    assert.equal(parser.head.value('content-length'), '2');
    assert.equal(parser.meaning.contentLength, 2);
    parser.expect('GET', '');
    assert.equal(parser.head.text, '');
  });

  it('hands over what follows a 101, also when it comes later', () => {
    const { parser, events, push } = createParser();
    parser.expect('GET', 'websocket');
    assert.equal(
      push('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nab'),
      false,
    );
    assert.equal(push('cd'), false);
    assert.deepEqual(events, ['head 101']);
    assert.equal(parser.detach().toString(), 'abcd');
  });

  it('pauses between head and body', () => {
    const { parser, events, push } = createParser((event, it) => {
      if (event.startsWith('head')) it.pause();
    });
    parser.expect('GET', '');
    assert.equal(push(OK), false);
    assert.deepEqual(events, ['head 200']);
    assert.equal(parser.resume(), true);
    assert.deepEqual(events, ['head 200', 'body hi', 'end']);
  });
});
