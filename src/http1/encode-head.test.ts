import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRequestHead, parseResponseHead } from '../../test/support/http1-messages.ts';
import { encodeRequestHead, encodeResponseHead, RequestEdits, ResponseEdits, responseFraming } from './encode-head.ts';
import { HeaderNames } from './header-names.ts';

// What is left out and rewritten without any edit is in testdata/*.md, as `forward` blocks.

function encodeRequest(edits: Partial<RequestEdits>, ...lines: string[]): string {
  const { head, meaning } = parseRequestHead(...lines);
  return encodeRequestHead(head, meaning, Object.assign(new RequestEdits(), edits));
}

function encodeResponse(edits: Partial<ResponseEdits>, ...lines: string[]): string {
  const { head, meaning } = parseResponseHead(...lines);
  const framing = responseFraming(meaning, edits.clientMinor ?? 1);
  return encodeResponseHead(head, meaning, Object.assign(new ResponseEdits(), { framing }, edits));
}

function message(...lines: string[]): string {
  return `${lines.join('\r\n')}\r\n\r\n`;
}

describe('encodeRequestHead', () => {
  const GET = ['GET /a?b HTTP/1.1', 'Host: a.example', 'X-A: 1', 'X-B: 2'] as const;

  it('copies a request that needs no change', () => {
    assert.equal(encodeRequest({}, ...GET), message(...GET));
  });

  it('replaces method, target and authority', () => {
    const edits = { method: 'POST', target: '/c', authority: 'b.example' };
    assert.equal(encodeRequest(edits, ...GET), message('POST /c HTTP/1.1', 'X-A: 1', 'X-B: 2', 'host: b.example'));
    assert.equal(
      encodeRequest({ target: '/c' }, ...GET),
      message('GET /c HTTP/1.1', 'Host: a.example', 'X-A: 1', 'X-B: 2'),
    );
  });

  it('removes and appends, so that a header can be set', () => {
    const edits = { remove: new HeaderNames(['x-b', 'X-C']), append: 'x-b: 3\r\n' };
    assert.equal(
      encodeRequest(edits, ...GET, 'x-c: 1', 'X-D: 4', 'X-C: 2'),
      message('GET /a?b HTTP/1.1', 'Host: a.example', 'X-A: 1', 'X-D: 4', 'x-b: 3'),
    );
  });

  it('removes the only header after Host', () => {
    const edits = { remove: new HeaderNames(['x-a']) };
    assert.equal(
      encodeRequest(edits, 'GET / HTTP/1.1', 'Host: a.example', 'X-A: 1'),
      message('GET / HTTP/1.1', 'Host: a.example'),
    );
  });

  it('frames a body that was buffered by its length', () => {
    const lines = ['POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked', 'Trailer: X-T'];
    assert.equal(
      encodeRequest({ contentLength: 7 }, ...lines),
      message('POST / HTTP/1.1', 'Host: a', 'content-length: 7'),
    );
    assert.equal(
      encodeRequest({ contentLength: 0 }, 'POST / HTTP/1.1', 'Content-Length: 7', 'Host: a'),
      message('POST / HTTP/1.1', 'Host: a', 'content-length: 0'),
    );
  });

  it('offers an upgrade only when told to', () => {
    const lines = ['GET / HTTP/1.1', 'Host: a', 'Connection: upgrade', 'Upgrade: websocket'];
    assert.equal(encodeRequest({}, ...lines), message('GET / HTTP/1.1', 'Host: a'));
    assert.equal(
      encodeRequest({ upgrade: 'websocket' }, ...lines),
      message('GET / HTTP/1.1', 'Host: a', 'connection: upgrade', 'upgrade: websocket'),
    );
  });

  it('passes Expect and TE on only when told to', () => {
    const lines = ['POST / HTTP/1.1', 'Host: a', 'Expect: 100-continue', 'TE: trailers', 'Content-Length: 1'];
    assert.equal(encodeRequest({}, ...lines), message('POST / HTTP/1.1', 'Host: a', 'Content-Length: 1'));
    assert.equal(
      encodeRequest({ expectContinue: true, trailers: true }, ...lines),
      message(
        'POST / HTTP/1.1',
        'Host: a',
        'Expect: 100-continue',
        'Content-Length: 1',
        'te: trailers',
        'connection: te',
      ),
    );
  });

  it('writes a Host for a client that sent none', () => {
    assert.equal(encodeRequest({ authority: 'b' }, 'GET / HTTP/1.0'), message('GET / HTTP/1.1', 'host: b'));
  });
});

describe('encodeResponseHead', () => {
  const OK = ['HTTP/1.1 200 OK', 'Content-Length: 2', 'Server: a', 'X-A: 1'] as const;

  it('copies a response that needs no change', () => {
    assert.equal(encodeResponse({}, ...OK), message(...OK));
  });

  it('removes and appends', () => {
    const edits = { remove: new HeaderNames(['server']), append: 'server: limpet\r\nset-cookie: b\r\n' };
    assert.equal(
      encodeResponse(edits, ...OK),
      message('HTTP/1.1 200 OK', 'Content-Length: 2', 'X-A: 1', 'server: limpet', 'set-cookie: b'),
    );
  });

  it('says what becomes of the client connection where the version leaves it open', () => {
    assert.equal(encodeResponse({ keepAlive: false }, ...OK), message(...OK, 'connection: close'));
    assert.equal(encodeResponse({ clientMinor: 0 }, ...OK), message(...OK, 'connection: keep-alive'));
    assert.equal(encodeResponse({ clientMinor: 0, keepAlive: false }, ...OK), message(...OK, 'connection: close'));
  });

  it('drops the length of a 204 and keeps that of a 304', () => {
    assert.equal(encodeResponse({}, 'HTTP/1.1 204 X', 'Content-Length: 0'), message('HTTP/1.1 204 X'));
    const notModified = ['HTTP/1.1 304 X', 'Content-Length: 9'];
    assert.equal(encodeResponse({}, ...notModified), message(...notModified));
  });

  it('chunks a body that ends with the upstream connection, but not for HTTP/1.0', () => {
    assert.equal(
      encodeResponse({}, 'HTTP/1.1 200 OK', 'X-A: 1'),
      message('HTTP/1.1 200 OK', 'X-A: 1', 'transfer-encoding: chunked'),
    );
    assert.equal(
      encodeResponse(
        { clientMinor: 0, keepAlive: false },
        'HTTP/1.1 200 OK',
        'Transfer-Encoding: chunked',
        'Trailer: A',
      ),
      message('HTTP/1.1 200 OK', 'connection: close'),
    );
  });

  it('says nothing of the connection in an interim response', () => {
    const { head, meaning } = parseResponseHead('HTTP/1.1 103 Early Hints', 'Link: </a>', 'Connection: close');
    const edits = Object.assign(new ResponseEdits(), { keepAlive: false });
    assert.equal(encodeResponseHead(head, meaning, edits), message('HTTP/1.1 103 Early Hints', 'Link: </a>'));
  });
});

describe('responseFraming', () => {
  it('keeps a length and the lack of a body', () => {
    assert.equal(responseFraming(parseResponseHead('HTTP/1.1 204 X').meaning, 0), 'none');
    assert.equal(responseFraming(parseResponseHead('HTTP/1.1 200 X', 'Content-Length: 1').meaning, 0), 'length');
  });
});
