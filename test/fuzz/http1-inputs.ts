import fc from 'fast-check';

/** A request as it was meant, and its bytes. */
export interface MeantRequest {
  readonly bytes: string;
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly body: string;
}

/** A response as it was meant, and its bytes. */
export interface MeantResponse {
  readonly bytes: string;
  readonly status: number;
  readonly body: string;
  /** The body ends with the connection. */
  readonly hasEnd: boolean;
}

const TCHARS = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Names that mean something to the codec; random ones must not hit them. */
const SPECIAL =
  /^(?:host|content-length|transfer-encoding|connection|upgrade|expect|te|trailer|keep-alive|proxy-connection|http2-settings)$/i;

function stringOf(alphabet: string, minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength });
}

const byteString = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));

const VALUE_CHARACTERS = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).filter((character) =>
  /[\t\x20-\x7e\x80-\xff]/.test(character),
);
const fieldName = stringOf(TCHARS, 1, 12).filter((name) => !SPECIAL.test(name));
const fieldValue = fc
  .string({ unit: fc.constantFrom(...VALUE_CHARACTERS), maxLength: 20 })
  .map((value) => value.replace(/^[\t ]+|[\t ]+$/g, ''));
const whiteSpace = stringOf('  \t', 0, 3);
const fieldLine = fc
  .tuple(fieldName, whiteSpace, fieldValue, whiteSpace)
  .map(([n, b, v, a]) => `${n}:${b}${v}${a}\r\n`);
const hex = fc.constantFrom('lower', 'UPPER');
const extension = fc.constantFrom('', '', '', ';a', ';a=b', ' ; a = "b;\\"\t"', ';a;b=c;d=""');

/** `body` cut into chunks, with extensions, zeros before sizes, and trailers. */
function chunkedForm(body: string): fc.Arbitrary<string> {
  return fc
    .record({
      cuts: fc.array(fc.nat(Math.max(1, body.length)), { maxLength: 4 }),
      hex,
      zeros: stringOf('0', 0, 3),
      extension,
      trailers: fc.array(fieldLine, { maxLength: 2 }),
    })
    .map(({ cuts, hex: digits, zeros, extension: ext, trailers }) => {
      const edges = [...new Set([0, ...cuts.filter((cut) => cut < body.length), body.length])].sort((a, b) => a - b);
      const chunks = edges.slice(1).map((edge, index) => {
        const size = (edge - edges[index]!).toString(16);
        return `${zeros}${digits === 'UPPER' ? size.toUpperCase() : size}${ext}\r\n${body.slice(edges[index], edge)}\r\n`;
      });
      return `${chunks.join('')}0${zeros}${ext}\r\n${trailers.join('')}\r\n`;
    });
}

/** The framing field and the bytes of `body` in one of the ways it can be sent. */
function framed(body: string): fc.Arbitrary<{ field: string; content: string }> {
  return fc.oneof(
    fc.constantFrom('Content-Length', 'content-length').map((name) => ({
      field: `${name}: ${body.length}\r\n`,
      content: body,
    })),
    fc.tuple(fc.constantFrom('chunked', 'Chunked'), chunkedForm(body)).map(([coding, content]) => ({
      field: `Transfer-Encoding: ${coding}\r\n`,
      content,
    })),
  );
}

const host = fc.constantFrom('a.example', 'A.example:8080', '[::1]:80', '127.0.0.1', 'a_b');
const path = fc
  .array(fc.constantFrom('/', 'a', '%41', '?', '.', '..', '&', '=', ';', ':', '@', '-', "'", '[', '|', '*'), {
    maxLength: 8,
  })
  .map((parts) => `/${parts.join('')}`);
const method = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'M-SEARCH') },
  { weight: 1, arbitrary: stringOf(TCHARS, 1, 12).filter((name) => name !== 'CONNECT') },
);

/** A request that keeps to the rules. */
export const validRequest: fc.Arbitrary<MeantRequest> = fc
  .record({
    method,
    path,
    host,
    before: fc.array(fieldLine, { maxLength: 3 }),
    after: fc.array(fieldLine, { maxLength: 3 }),
    isAbsolute: fc.boolean(),
    body: fc.option(byteString(40), { nil: null }),
  })
  .chain((request) =>
    (request.body === null ? fc.constant({ field: '', content: '' }) : framed(request.body)).map(
      ({ field, content }) => {
        const target = request.isAbsolute ? `http://${request.host}${request.path}` : request.path;
        const fields = [...request.before, `Host: ${request.host}\r\n`, ...request.after, field].join('');
        return {
          bytes: `${request.method} ${target} HTTP/1.1\r\n${fields}\r\n${content}`,
          method: request.method,
          target: request.path,
          host: request.host,
          body: request.body ?? '',
        };
      },
    ),
  );

/** A response to GET that keeps to the rules. */
export const validResponse: fc.Arbitrary<MeantResponse> = fc
  .record({
    status: fc.integer({ min: 200, max: 999 }).filter((status) => status !== 204 && status !== 304),
    reason: fieldValue,
    fields: fc.array(fieldLine, { maxLength: 4 }),
    body: byteString(40),
    hasEnd: fc.boolean(),
  })
  .chain((response) =>
    (response.hasEnd ? fc.constant({ field: '', content: response.body }) : framed(response.body)).map(
      ({ field, content }) => ({
        bytes: `HTTP/1.1 ${response.status} ${response.reason}\r\n${response.fields.join('')}${field}\r\n${content}`,
        status: response.status,
        body: response.body,
        hasEnd: response.hasEnd,
      }),
    ),
  );

/** What messages and attacks on their framing are made of: lines of a head, pieces of a body, and what separates them. */
const HEADER_LINES = [
  ...[
    'Host: a.example\r\n',
    'Host: b.example\r\n',
    'host:a.example\r\n',
    'X-A: 1\r\n',
    'X-A:\r\n',
    'X-B: \t a b \t\r\n',
    'Cookie: a=b\r\n',
  ],
  ...[
    'Content-Length: 5\r\n',
    'Content-Length: 0\r\n',
    'Content-Length: 05\r\n',
    'Content-Length: +5\r\n',
    'Content-Length: 5, 5\r\n',
  ],
  ...['Transfer-Encoding: chunked\r\n', 'Transfer-Encoding: CHUNKED\r\n', 'Transfer-Encoding: gzip, chunked\r\n'],
  ...[
    'Transfer-Encoding : chunked\r\n',
    'Content-Length : 5\r\n',
    'Content-Length: 5\n',
    ' Transfer-Encoding: chunked\r\n',
  ],
  ...[
    'Connection: close\r\n',
    'Connection: keep-alive, x-a\r\n',
    'Connection: Content-Length\r\n',
    'Keep-Alive: 1\r\n',
    'TE: trailers\r\n',
  ],
  ...[
    'Connection: upgrade\r\n',
    'Upgrade: websocket\r\n',
    'Upgrade: h2c\r\n',
    'Expect: 100-continue\r\n',
    'Trailer: X-T\r\n',
  ],
];
const BODY_PIECES = [
  ...[
    'hello',
    '5\r\nhello\r\n',
    '5;a=b\r\nhello\r\n',
    '5;a="b"\r\nhello\r\n',
    '1\r\nx\r\n',
    '0\r\n\r\n',
    '0\r\n\r\n',
    '0\r\nX-T: 1\r\n\r\n',
  ],
  ...[
    'ffffffffffffffff\r\n',
    '5\nhello\r\n',
    '5\r\nhello',
    '0\r\nContent-Length: 5\r\n\r\n',
    '0\r\nX-T : 1\r\n\r\n',
    '00',
    '\r\n\r\n',
  ],
];
const SEPARATORS = ['\r\n', '\r', '\n', ' ', '\t', ':', ',', ';', '"', '\0', '\x7f', '\xe9', '\r\n ', '%', '#', '='];

/** Bytes that come close to being messages which begin with one of `startLines`. */
function almost(startLines: readonly string[]): fc.Arbitrary<string> {
  const lines = (from: readonly string[], maxLength: number) =>
    fc.array(fc.constantFrom(...from), { maxLength }).map((parts) => parts.join(''));
  const message = fc
    .tuple(
      fc.constantFrom(...startLines),
      lines(HEADER_LINES, 5),
      fc.constantFrom('\r\n', '\r\n', '\r\n', ''),
      lines(BODY_PIECES, 3),
    )
    .map((parts) => parts.join(''));
  return fc.oneof(
    { weight: 8, arbitrary: fc.array(message, { minLength: 1, maxLength: 3 }).map((messages) => messages.join('')) },
    { weight: 2, arbitrary: lines([...startLines, ...HEADER_LINES, ...BODY_PIECES, ...SEPARATORS], 12) },
    { weight: 1, arbitrary: byteString(60) },
  );
}

const REQUEST_LINES = [
  ...[
    'GET / HTTP/1.1\r\nHost: a.example\r\n',
    'POST /p HTTP/1.1\r\nHost: a.example\r\n',
    'PUT /p?q=%41 HTTP/1.1\r\nHost: a.example\r\n',
  ],
  ...[
    'POST /p HTTP/1.1\r\nHost: a.example\r\nContent-Length: 5\r\n',
    'POST /p HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n',
  ],
  ...[
    'GET / HTTP/1.0\r\n',
    'GET / HTTP/1.0\r\nConnection: keep-alive\r\n',
    'GET http://a.example/b HTTP/1.1\r\nHost: a.example\r\n',
  ],
  ...[
    'OPTIONS * HTTP/1.1\r\nHost: a.example\r\n',
    'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n',
    '\r\nGET / HTTP/1.1\r\n',
  ],
  ...[
    'HEAD / HTTP/1.1\r\nHost: a.example\r\n',
    'GET / HTTP/2.0\r\n',
    'PRI * HTTP/1.1\r\n',
    'GET /\r\n',
    'GET  / HTTP/1.1\r\n',
  ],
];
const STATUS_LINES = [
  ...[
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n',
  ],
  ...[
    'HTTP/1.0 200 OK\r\n',
    'HTTP/1.1 204 No Content\r\n',
    'HTTP/1.1 304 Not Modified\r\n',
    'HTTP/1.1 404 \r\n',
    'HTTP/1.1 500\r\n',
  ],
  ...[
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n',
    'HTTP/1.1 101 X\r\nUpgrade: websocket\r\n',
  ],
  ...['HTTP/1.1 99 X\r\n', 'HTTP/2.0 200 OK\r\n', '\r\nHTTP/1.1 200 OK\r\n', 'HTTP/1.1 200 O\rK\r\n'],
];

/** Messages that keep to the rules but for some changed bytes, messages made of suspicious parts, and plain noise. */
export const anyRequests: fc.Arbitrary<string> = fc.oneof(almost(REQUEST_LINES), mutated(validRequest));
export const anyResponses: fc.Arbitrary<string> = fc.oneof(almost(STATUS_LINES), mutated(validResponse));

type Mutation = readonly [kind: number, at: number, text: string];

function mutation(): fc.Arbitrary<Mutation> {
  const text = fc.oneof(fc.constantFrom(...SEPARATORS, ...HEADER_LINES, ...BODY_PIECES), byteString(2));
  return fc.tuple(fc.nat(3), fc.nat(1_000_000), text);
}

/** Valid messages of `source` one after the other, with some bytes changed. */
function mutated(source: fc.Arbitrary<{ readonly bytes: string }>): fc.Arbitrary<string> {
  return fc
    .tuple(fc.array(source, { minLength: 1, maxLength: 2 }), fc.array(mutation(), { maxLength: 3 }))
    .map(([messages, mutations]) => mutations.reduce(mutate, messages.map((message) => message.bytes).join('')));
}

function mutate(bytes: string, [kind, where, text]: Mutation): string {
  const at = where % (bytes.length + 1);
  switch (kind) {
    case 0:
      return bytes.slice(0, at) + text + bytes.slice(at);
    case 1:
      return bytes.slice(0, at) + bytes.slice(at + text.length);
    case 2:
      return bytes.slice(0, at) + text + bytes.slice(at + text.length);
    default:
      return bytes.slice(0, at) + bytes.slice(Math.max(0, at - 12));
  }
}

/** Where to cut an input, as fractions of its length. */
export const cuts: fc.Arbitrary<number[]> = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 4 });

export function cutInto(input: Buffer, fractions: readonly number[]): Buffer[] {
  const edges = [0, ...fractions.map((fraction) => Math.floor(fraction * input.length)), input.length].sort(
    (a, b) => a - b,
  );
  return edges.slice(1).map((edge, index) => input.subarray(edges[index], edge));
}
