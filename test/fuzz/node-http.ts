import { createServer, type Server } from 'node:http';
import { Duplex } from 'node:stream';

export interface NodeRequest {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

/** Node's own HTTP server as another reader of the same bytes, over a stream in memory. */
export class NodeReader implements Disposable {
  readonly #server: Server;
  /** Requests that were read to their end on the connection at hand. */
  #complete: NodeRequest[] = [];

  constructor() {
    this.#server = createServer({ connectionsCheckingInterval: 2 ** 30 }, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('latin1');
        this.#complete.push({ method: request.method ?? '', target: request.url ?? '', body });
        response.end();
      });
      request.on('error', () => {});
    });
    // To destroy the connection would also drop the good requests before the bad one.
    this.#server.on('clientError', () => {});
  }

  /** The complete requests that Node finds in `input`, in order, up to the first that it refuses. */
  async read(input: Buffer): Promise<NodeRequest[]> {
    this.#complete = [];
    const stream = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    const closed = new Promise((resolve) => stream.once('close', resolve));
    stream.on('error', () => {});
    this.#server.emit('connection', stream);
    stream.push(input);
    // Bodies and pipelined requests are told over several turns; a closed connection would drop them.
    for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
    stream.destroy();
    await closed;
    return this.#complete;
  }

  [Symbol.dispose](): void {
    this.#server.close();
  }
}
