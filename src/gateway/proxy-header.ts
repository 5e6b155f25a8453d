import { canonicalIp, parseIpAddress } from '../model/address.ts';

/** Both ends of a client's connection, as a proxy in front of us saw it. */
export interface ProxiedAddresses {
  /** Canonical text, no port, no brackets. */
  readonly sourceIp: string;
  readonly sourcePort: number;
  readonly destinationIp: string;
  readonly destinationPort: number;
}

/** A v1 line is never longer, its CRLF included (PROXY protocol §2.1). */
const MAX_LINE_BYTES = 107;
const PREFIX = 'PROXY ';
const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
/** Signature, version and command, family, length (§2.2). */
const HEAD_BYTES = 16;

const LF = 0x0a;
const CR = 0x0d;

const TCP4 = 0x11;
const TCP6 = 0x21;
const UNIX = 0x31;
/** What an address block must have at least, by family and transport; others than these are refused. */
const ADDRESS_BYTES: { readonly [family: number]: number } = {
  0: 0,
  [TCP4]: 12,
  [TCP6]: 36,
  // A client on a UNIX socket: it has no address that would tell anything here.
  [UNIX]: 216,
};

/**
 * Reads the header of the PROXY protocol, version 1 or 2, from the head of a connection (haproxy.org proxy-protocol.txt).
 * Strict: what begins otherwise is refused at the first byte that can't be one's, since a connection that may or may not
 * have a header lets clients write their own. It can stop at any byte and go on with the next ones, and holds at most a
 * line; TLVs are skipped as they come.
 */
export class ProxyHeaderReader {
  state: 'reading' | 'done' | 'refused' = 'reading';
  /** With `done`: null where the proxy speaks for itself (LOCAL) or does not know (UNKNOWN, UNSPEC): the connection's own hold. */
  addresses: ProxiedAddresses | null = null;

  readonly #bytes = Buffer.allocUnsafe(MAX_LINE_BYTES);
  #length = 0;
  /** Bytes to come that are not looked at. */
  #skip = 0;

  /** Takes bytes in and returns how many belong to the header: all of them as long as the state is `reading`. */
  push(chunk: Buffer): number {
    let pos = 0;
    while (pos < chunk.length && this.state === 'reading') {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - pos);
        this.#skip -= skipped;
        pos += skipped;
        if (this.#skip === 0) this.state = 'done';
      } else {
        this.#take(chunk[pos] as number);
        pos++;
      }
    }
    return pos;
  }

  #take(byte: number): void {
    const at = this.#length;
    this.#bytes[at] = byte;
    this.#length = at + 1;
    if (this.#bytes[0] === PREFIX.charCodeAt(0)) this.#takeLine(byte, at);
    else this.#takeBinary(byte, at);
  }

  #takeLine(byte: number, at: number): void {
    if (at < PREFIX.length) {
      if (byte !== PREFIX.charCodeAt(at)) this.state = 'refused';
      return;
    }
    const isAfterReturn = this.#bytes[at - 1] === CR;
    if (isAfterReturn !== (byte === LF) || (at === MAX_LINE_BYTES - 1 && byte !== LF)) this.state = 'refused';
    else if (byte === LF) this.#readLine(this.#bytes.toString('latin1', PREFIX.length, at - 1));
  }

  /** `line` is what stands between `PROXY ` and CRLF. */
  #readLine(line: string): void {
    if (line === 'UNKNOWN' || line.startsWith('UNKNOWN ')) {
      this.state = 'done';
      return;
    }
    const [family, source = '', destination = '', sourcePort = '', destinationPort = '', ...rest] = line.split(' ');
    const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : 0;
    const isValid =
      rest.length === 0 &&
      parseIpAddress(source)?.version === version &&
      parseIpAddress(destination)?.version === version &&
      isPort(sourcePort) &&
      isPort(destinationPort);
    if (!isValid) {
      this.state = 'refused';
      return;
    }
    this.addresses = {
      sourceIp: canonicalIp(source) ?? source,
      sourcePort: Number(sourcePort),
      destinationIp: canonicalIp(destination) ?? destination,
      destinationPort: Number(destinationPort),
    };
    this.state = 'done';
  }

  #takeBinary(byte: number, at: number): void {
    if (at < SIGNATURE.length) {
      if (byte !== SIGNATURE.charCodeAt(at)) this.state = 'refused';
    } else if (at === 12) {
      // Version 2 and a command: LOCAL or PROXY.
      if (byte !== 0x20 && byte !== 0x21) this.state = 'refused';
    } else if (at === 13) {
      if (ADDRESS_BYTES[byte] === undefined) this.state = 'refused';
    } else if (at >= HEAD_BYTES - 1) {
      this.#takeAddresses(at + 1);
    }
  }

  /** All of the first 16 bytes are here, and perhaps some of the addresses. */
  #takeAddresses(length: number): void {
    const bytes = this.#bytes;
    const family = bytes[13] as number;
    const announced = bytes.readUInt16BE(14);
    const isLocal = bytes[12] === 0x20;
    // A LOCAL header's addresses mean nothing and need not be there (§2.2).
    if (!isLocal && announced < (ADDRESS_BYTES[family] as number)) {
      this.state = 'refused';
      return;
    }
    const wanted = !isLocal && (family === TCP4 || family === TCP6) ? (ADDRESS_BYTES[family] as number) : 0;
    if (length < HEAD_BYTES + wanted) return;
    if (wanted > 0) this.addresses = family === TCP4 ? readIpv4(bytes) : readIpv6(bytes);
    this.#skip = announced - wanted;
    if (this.#skip === 0) this.state = 'done';
  }
}

function readIpv4(bytes: Buffer): ProxiedAddresses {
  return {
    sourceIp: bytes.subarray(16, 20).join('.'),
    sourcePort: bytes.readUInt16BE(24),
    destinationIp: bytes.subarray(20, 24).join('.'),
    destinationPort: bytes.readUInt16BE(26),
  };
}

function readIpv6(bytes: Buffer): ProxiedAddresses {
  return {
    sourceIp: formatIpv6(bytes, 16),
    sourcePort: bytes.readUInt16BE(48),
    destinationIp: formatIpv6(bytes, 32),
    destinationPort: bytes.readUInt16BE(50),
  };
}

function formatIpv6(bytes: Buffer, start: number): string {
  const groups: string[] = [];
  for (let at = start; at < start + 16; at += 2) groups.push(bytes.readUInt16BE(at).toString(16));
  const text = groups.join(':');
  return canonicalIp(text) ?? text;
}

/** Decimal without leading zeros. */
function isPort(text: string): boolean {
  return /^(?:0|[1-9][0-9]{0,4})$/.test(text) && Number(text) <= 65_535;
}
