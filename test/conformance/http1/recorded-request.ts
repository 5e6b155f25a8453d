import { type ByteReader, StreamEnded } from './byte-reader.ts';
import { checkFraming, type Field, parseChunkLine, parseFields, REQUEST_LINE, valuesOf } from './strict-syntax.ts';

/** A request as the backend got it; the judge also sees one of which only a part came. */
export class RecordedRequest {
  /** Number of the backend's connection, and of the request among all of the case. */
  readonly connection: number;
  readonly sequence: number;
  method = '';
  target = '';
  /** Minor version. */
  minor = 1;
  isWellFormed = true;
  fields: readonly Field[] = [];
  trailers: readonly Field[] = [];
  body: Buffer = Buffer.alloc(0);
  /** All of it has come. */
  isComplete = false;
  /** Where it is no valid HTTP/1.x. */
  readonly anomalies: string[] = [];

  constructor(connection: number, sequence: number) {
    this.connection = connection;
    this.sequence = sequence;
  }

  /** Reads request line and header section; rejects with StreamEnded where they end before their end. */
  async readHead(reader: ByteReader): Promise<void> {
    // RFC 9112 §2.2: an empty line before a request is to be ignored.
    for (;;) {
      while (reader.bytes.length < 2) await reader.fill();
      if (reader.bytes.toString('latin1', 0, 2) !== '\r\n') break;
      reader.take(2);
    }
    const head = await reader.until('\r\n\r\n');
    const [line = '', ...lines] = head.toString('latin1', 0, head.length - 4).split('\r\n');
    const [, method, target, minor] = REQUEST_LINE.exec(line) ?? [];
    if (method === undefined) {
      this.isWellFormed = false;
      this.anomalies.push(`request line ${JSON.stringify(line.slice(0, 80))}`);
    }
    this.method = method ?? line.split(' ')[0] ?? '';
    this.target = target ?? line.split(' ')[1] ?? '';
    this.minor = Number(minor ?? 1);
    this.fields = parseFields(lines, 'request head', this.anomalies);
    const hosts = valuesOf(this.fields, 'host').length;
    if (hosts !== 1 && this.minor > 0) this.anomalies.push(`${hosts} Host lines`);
    checkFraming(this.fields, this.anomalies);
  }

  /** Reads the body, to the end of a chunked one's trailers. */
  async readBody(reader: ByteReader): Promise<void> {
    const pieces: Buffer[] = [];
    try {
      if (valuesOf(this.fields, 'transfer-encoding').length > 0) await this.#readChunks(reader, pieces);
      else await this.#readLength(reader, pieces);
    } finally {
      this.body = Buffer.concat(pieces);
    }
    this.isComplete = true;
  }

  async #readChunks(reader: ByteReader, pieces: Buffer[]): Promise<void> {
    for (;;) {
      const line = toLine(await reader.until('\r\n'));
      const chunk = parseChunkLine(line);
      if (chunk === null) return this.#breakOff(`chunk line ${JSON.stringify(line.slice(0, 60))}`);
      if (chunk.size === 0) break;
      pieces.push(await reader.exactly(chunk.size));
      if ((await reader.exactly(2)).toString('latin1') !== '\r\n') return this.#breakOff('no CRLF after chunk data');
    }
    const lines: string[] = [];
    for (let line = toLine(await reader.until('\r\n')); line !== ''; line = toLine(await reader.until('\r\n'))) {
      lines.push(line);
    }
    this.trailers = parseFields(lines, 'trailers', this.anomalies);
  }

  async #readLength(reader: ByteReader, pieces: Buffer[]): Promise<void> {
    const [length] = valuesOf(this.fields, 'content-length');
    if (length === undefined) return;
    let rest = Number(length);
    if (!Number.isSafeInteger(rest) || rest < 0) return this.#breakOff(`Content-Length ${length}`);
    while (rest > 0) {
      if (reader.bytes.length === 0) await reader.fill();
      const piece = reader.take(rest);
      pieces.push(piece);
      rest -= piece.length;
    }
  }

  #breakOff(anomaly: string): never {
    this.anomalies.push(anomaly);
    throw new StreamEnded();
  }
}

function toLine(bytes: Buffer): string {
  return bytes.toString('latin1', 0, bytes.length - 2);
}
