import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProxyHeaderReader } from './proxy-header.ts';

const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';

/** A version 2 header; `announced` is its length field where that is to be wrong. */
function encodeV2(command: number, family: number, block: readonly number[], announced = block.length): Buffer {
  const length = [announced >> 8, announced & 255];
  return Buffer.concat([Buffer.from(SIGNATURE, 'latin1'), Buffer.from([command, family, ...length, ...block])]);
}

interface Outcome {
  readonly state: string;
  /** `source -> destination`, or null. */
  readonly addresses: string | null;
  /** Bytes that the header took. */
  readonly taken: number;
}

/** Reads `bytes` in pieces of `size`, until the reader has done. */
function read(bytes: Buffer, size: number): Outcome {
  const reader = new ProxyHeaderReader();
  let taken = 0;
  for (let at = 0; at < bytes.length && reader.state === 'reading'; at += size) {
    taken += reader.push(bytes.subarray(at, at + size));
  }
  const found = reader.addresses;
  const addresses =
    found === null ? null : `${found.sourceIp} ${found.sourcePort} -> ${found.destinationIp} ${found.destinationPort}`;
  return { state: reader.state, addresses, taken };
}

/** The outcome, which must not depend on how the bytes arrive. */
function readAnyhow(bytes: Buffer | string): Outcome {
  const whole = Buffer.from(bytes as string, 'latin1');
  const outcome = read(whole, whole.length);
  for (const size of [1, 2, 3, 7]) {
    const split = read(whole, size);
    assert.deepEqual([split.state, split.addresses], [outcome.state, outcome.addresses], `pieces of ${size}`);
  }
  return outcome;
}

const HTTP = 'GET / HTTP/1.1\r\n\r\n';

describe('ProxyHeaderReader with version 1', () => {
  const longest = `PROXY TCP6 ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`;
  const cases: readonly (readonly [line: string, addresses: string | null])[] = [
    ['PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n', '192.0.2.1 56324 -> 198.51.100.2 443'],
    ['PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n', '0.0.0.0 0 -> 255.255.255.255 65535'],
    ['PROXY TCP6 2001:DB8::1 ::1 1 2\r\n', '2001:db8::1 1 -> ::1 2'],
    [longest, `${'ffff:'.repeat(7)}ffff 65535 -> ${'ffff:'.repeat(7)}ffff 65535`],
    ['PROXY UNKNOWN\r\n', null],
    [`PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`, null],
    ['PROXY UNKNOWN whatever it says\r\n', null],
  ];
  for (const [line, addresses] of cases) {
    it(`reads ${JSON.stringify(line)}`, () => {
      assert.deepEqual(readAnyhow(line + HTTP), { state: 'done', addresses, taken: line.length });
    });
  }

  const refused = [
    HTTP,
    'proxy TCP4 192.0.2.1 198.51.100.2 1 2\r\n',
    'PROXY  TCP4 192.0.2.1 198.51.100.2 1 2\r\n',
    'PROXY TCP4 192.0.2.1  198.51.100.2 1 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 1 2 \r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 1 2\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 1 2\r\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 1\r2\r\n',
    'PROXY TCP4 192.0.2.01 198.51.100.2 1 2\r\n',
    'PROXY TCP4 192.0.2.256 198.51.100.2 1 2\r\n',
    'PROXY TCP4 2001:db8::1 ::1 1 2\r\n',
    'PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 01 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 65536 2\r\n',
    'PROXY TCP4 192.0.2.1 198.51.100.2 -1 2\r\n',
    'PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n',
    'PROXY UNKNOWNS\r\n',
    'PROXY\r\n',
    'PROXY \r\n',
    `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`,
  ];
  for (const line of refused) {
    it(`refuses ${JSON.stringify(line)}`, () => assert.equal(readAnyhow(line + HTTP).state, 'refused'));
  }

  it('holds no more than a line of what never ends', () => {
    const outcome = readAnyhow(`PROXY UNKNOWN ${'x'.repeat(5_000)}`);
    assert.equal(outcome.state, 'refused');
    assert.equal(outcome.taken, 107);
  });
});

describe('ProxyHeaderReader with version 2', () => {
  const ipv4 = [192, 0, 2, 1, 198, 51, 100, 2, 0xdc, 0x04, 0x01, 0xbb];
  const ipv6 = [
    0x20,
    0x01,
    0x0d,
    0xb8,
    ...new Array<number>(11).fill(0),
    1,
    ...new Array<number>(15).fill(0),
    1,
    0,
    1,
    0,
    2,
  ];
  const tlvs = [0x01, 0, 2, 0x68, 0x32, 0x04, 1, 0, ...new Array<number>(256).fill(7)];

  const cases: readonly (readonly [what: string, header: Buffer, addresses: string | null])[] = [
    ['TCP over IPv4', encodeV2(0x21, 0x11, ipv4), '192.0.2.1 56324 -> 198.51.100.2 443'],
    ['TCP over IPv6', encodeV2(0x21, 0x21, ipv6), '2001:db8::1 1 -> ::1 2'],
    ['TLVs behind IPv4', encodeV2(0x21, 0x11, [...ipv4, ...tlvs]), '192.0.2.1 56324 -> 198.51.100.2 443'],
    ['TLVs behind IPv6', encodeV2(0x21, 0x21, [...ipv6, ...tlvs]), '2001:db8::1 1 -> ::1 2'],
    [
      'the longest header',
      encodeV2(0x21, 0x11, [...ipv4, ...new Array<number>(65_523).fill(0)]),
      '192.0.2.1 56324 -> 198.51.100.2 443',
    ],
    ['LOCAL without addresses', encodeV2(0x20, 0x00, []), null],
    ['LOCAL with addresses', encodeV2(0x20, 0x11, ipv4), null],
    ['LOCAL with fewer bytes than its family needs', encodeV2(0x20, 0x11, [1, 2]), null],
    ['an unspecified family', encodeV2(0x21, 0x00, []), null],
    ['an unspecified family with bytes', encodeV2(0x21, 0x00, tlvs), null],
    ['a UNIX socket', encodeV2(0x21, 0x31, new Array<number>(216).fill(65)), null],
  ];
  for (const [what, header, addresses] of cases) {
    it(`reads ${what}`, () => {
      const bytes = Buffer.concat([header, Buffer.from(HTTP)]);
      assert.deepEqual(readAnyhow(bytes), { state: 'done', addresses, taken: header.length });
    });
  }

  const refused: readonly (readonly [what: string, header: Buffer])[] = [
    ['version 1 in the binary form', encodeV2(0x11, 0x11, ipv4)],
    ['version 3', encodeV2(0x31, 0x11, ipv4)],
    ['an unknown command', encodeV2(0x22, 0x11, ipv4)],
    ['UDP', encodeV2(0x21, 0x12, ipv4)],
    ['an unknown family', encodeV2(0x21, 0x41, ipv4)],
    ['a family without a transport', encodeV2(0x21, 0x10, ipv4)],
    ['an address block that is too short', encodeV2(0x21, 0x11, ipv4, 11)],
    ['IPv6 with the length of IPv4', encodeV2(0x21, 0x21, ipv4)],
    ['a signature that breaks off', Buffer.from('\r\n\r\n\0\r\nQUIX\n', 'latin1')],
    ['an empty line and a request', Buffer.from(`\r\n${HTTP}`)],
  ];
  for (const [what, header] of refused) {
    it(`refuses ${what}`, () => assert.equal(readAnyhow(header).state, 'refused'));
  }

  it('waits for the rest', () => {
    const whole = encodeV2(0x21, 0x11, [...ipv4, ...tlvs]);
    for (let length = 0; length < whole.length; length++) {
      assert.equal(read(whole.subarray(0, length), 5).state, 'reading');
    }
  });
});
