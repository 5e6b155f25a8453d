import net, { type Socket } from 'node:net';

/** What became of an abuser's connections. */
export interface AbuserReport {
  opened: number;
  /** Ended by the gateway. */
  ended: number;
  /** Ended with a 408. */
  timedOut: number;
}

/** A kind of bad client, with many connections. */
export interface Abuser {
  readonly report: AbuserReport;
  /** Cuts all connections. */
  stop(): void;
}

export type AbuserKind = 'slow-heads' | 'slow-bodies' | 'idle' | 'churn' | 'slow-readers' | 'flood' | 'deaf-flood';

export const ABUSER_KINDS: readonly AbuserKind[] = [
  'slow-heads',
  'slow-bodies',
  'idle',
  'churn',
  'slow-readers',
  'flood',
  'deaf-flood',
];

const HOST_LINES = 'HTTP/1.1\r\nhost: shop.example\r\n';
const DRIP_MILLIS = 200;
const DRIP_GROUPS = 20;
/** So many connections are opened at once; the listen queue is not what is tested. */
const OPENING = 100;
const CHURN_MILLIS = 10;

export function startAbuser(kind: AbuserKind, port: number, count: number): Abuser {
  switch (kind) {
    case 'slow-heads':
      return startDripping(port, count, `GET /slow-head ${HOST_LINES}`, 'x-slow: 1\r\n');
    case 'slow-bodies':
      return startDripping(port, count, `POST /slow-body ${HOST_LINES}content-length: 100000\r\n\r\n`, 'x');
    case 'idle':
      return startPool(port, count, (socket) => socket.write(`GET /idle ${HOST_LINES}\r\n`));
    case 'slow-readers':
      return startPool(port, count, (socket) => {
        socket.pause();
        socket.write(`GET /large ${HOST_LINES}\r\n`);
      });
    case 'flood':
      return startPool(port, count, (socket) => flood(socket));
    case 'deaf-flood':
      return startPool(port, count, (socket) => {
        socket.pause();
        flood(socket);
      });
    case 'churn':
      return startChurn(port, count);
  }
}

/** Holds `count` connections; each that the gateway ends is opened anew. */
function startPool(port: number, count: number, begin: (socket: Socket) => void): Abuser {
  const report: AbuserReport = { opened: 0, ended: 0, timedOut: 0 };
  const open = new Set<Socket>();
  let isStopped = false;
  let opening = 0;
  const fill = (): void => {
    while (!isStopped && open.size < count && opening < OPENING) {
      const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
      open.add(socket);
      opening++;
      let isConnected = false;
      let hasEnded = false;
      const settle = (): void => {
        if (!isConnected) opening--;
        isConnected = true;
      };
      socket.once('connect', () => {
        settle();
        report.opened++;
        begin(socket);
        fill();
      });
      socket.on('data', (chunk: Buffer) => {
        if (chunk.length < 1_000 && chunk.toString('latin1').startsWith('HTTP/1.1 408 ')) report.timedOut++;
      });
      const end = (): void => {
        if (!hasEnded && !isStopped) report.ended++;
        hasEnded = true;
      };
      socket.on('end', end);
      socket.on('error', end);
      socket.once('close', () => {
        settle();
        end();
        open.delete(socket);
        // Not at once: whoever is refused tries again a little later.
        setTimeout(fill, 50);
      });
    }
  };
  fill();
  return {
    report,
    stop() {
      isStopped = true;
      for (const socket of open) socket.destroy();
    },
  };
}

/** Begins a message and goes on with it a few bytes at a time, for ever. */
function startDripping(port: number, count: number, start: string, piece: string): Abuser {
  // Each in its own time: clients that know nothing of each other do not write in the same instant.
  const groups = Array.from({ length: DRIP_GROUPS }, () => new Set<Socket>());
  let turn = 0;
  const timer = setInterval(() => {
    for (const socket of groups[turn++ % DRIP_GROUPS] ?? []) socket.write(piece);
  }, DRIP_MILLIS / DRIP_GROUPS);
  let opened = 0;
  const pool = startPool(port, count, (socket) => {
    socket.write(start);
    const group = groups[opened++ % DRIP_GROUPS];
    group?.add(socket);
    socket.once('close', () => group?.delete(socket));
  });
  return {
    report: pool.report,
    stop() {
      clearInterval(timer);
      pool.stop();
    },
  };
}

/** Writes requests without waiting for answers, as fast as the connection takes them. */
function flood(socket: Socket): void {
  const requests = `GET /flood ${HOST_LINES}\r\n`.repeat(500);
  const write = (): void => {
    if (!socket.destroyed && socket.write(requests)) setImmediate(write);
  };
  socket.on('drain', write);
  write();
}

/** Opens `count` connections a second: by turns for one request, for half a request and a reset, and for nothing. */
function startChurn(port: number, count: number): Abuser {
  const report: AbuserReport = { opened: 0, ended: 0, timedOut: 0 };
  const open = new Set<Socket>();
  const perTick = Math.max(1, Math.round((count * CHURN_MILLIS) / 1_000));
  const openOne = (): void => {
    const turn = report.opened++ % 3;
    const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
    open.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => open.delete(socket));
    socket.once('connect', () => {
      if (turn === 0) {
        socket.once('end', () => report.ended++);
        socket.resume().write(`GET /churn ${HOST_LINES}connection: close\r\n\r\n`);
      } else {
        if (turn === 1) socket.write('GET /half HTTP/1.1\r\nho');
        setImmediate(() => socket.resetAndDestroy());
      }
    });
  };
  const timer = setInterval(() => {
    for (let i = 0; i < perTick && open.size < 1_000; i++) openOne();
  }, CHURN_MILLIS);
  return {
    report,
    stop() {
      clearInterval(timer);
      for (const socket of open) socket.destroy();
    },
  };
}
