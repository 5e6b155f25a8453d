import { connect } from 'node:net';

export interface ChurnOptions {
  readonly port: number;
  readonly host?: string;
  readonly path?: string;
  /** Connections at once. */
  readonly concurrency?: number;
}

export interface ChurnFailure {
  /** An error's code, or what came instead of a whole response. */
  readonly reason: string;
  /** 0: the connection was never made. */
  readonly clientPort: number;
}

/** Clients that open a connection for each request, one after the other, until they are stopped. */
export interface Churn extends AsyncDisposable {
  /** Responses that came whole with status 200. */
  readonly succeeded: number;
  /** What became of the other requests. */
  readonly failures: readonly ChurnFailure[];
  /** Resolves when so many more requests have succeeded; rejects when one has failed. */
  succeedMore(count: number): Promise<void>;
  /** Resolves when so many more requests have succeeded, whatever became of others. */
  succeedAnyway(count: number): Promise<void>;
  /** Resolves when the last request has its answer. */
  stop(): Promise<void>;
}

export function startChurn(options: ChurnOptions): Churn {
  const { concurrency = 16 } = options;
  const failures: ChurnFailure[] = [];
  const waiting = new Set<() => void>();
  let succeeded = 0;
  let isStopped = false;

  async function run(): Promise<void> {
    while (!isStopped) {
      const failure = await requestOnce(options);
      if (failure === null) succeeded++;
      else failures.push(failure);
      for (const check of waiting) check();
    }
  }
  function wait(count: number, isOver: () => boolean): Promise<void> {
    const target = succeeded + count;
    return new Promise((resolve) => {
      const check = (): void => {
        if (succeeded < target && !isOver()) return;
        waiting.delete(check);
        resolve();
      };
      waiting.add(check);
      check();
    });
  }
  const clients = Promise.all(Array.from({ length: concurrency }, run));
  const stop = async (): Promise<void> => {
    isStopped = true;
    await clients;
  };
  return {
    get succeeded() {
      return succeeded;
    },
    failures,
    succeedMore: async (count) => {
      await wait(count, () => failures.length > 0);
      if (failures.length === 0) return;
      throw new Error(`requests failed: ${failures.map(({ reason }) => reason).join(', ')}`);
    },
    succeedAnyway: (count) => wait(count, () => false),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** null: the whole response came with status 200; otherwise what went wrong. */
function requestOnce({ port, host = '127.0.0.1', path = '/' }: ChurnOptions): Promise<ChurnFailure | null> {
  return new Promise((resolve) => {
    let received = '';
    let clientPort = 0;
    const fail = (reason: string): void => resolve({ reason, clientPort });
    const socket = connect(port, host);
    socket.on('connect', () => {
      clientPort = socket.localPort ?? 0;
      socket.write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`);
    });
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1');
    });
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message));
    socket.on('close', () => {
      if (isWhole(received)) resolve(null);
      else fail(received.slice(0, 200) || 'closed without an answer');
    });
  });
}

function isWhole(response: string): boolean {
  const end = response.indexOf('\r\n\r\n');
  const [, length] = /\r\ncontent-length: (\d+)\r\n/i.exec(response.slice(0, end + 2)) ?? [];
  return response.startsWith('HTTP/1.1 200 ') && length !== undefined && response.length === end + 4 + Number(length);
}
