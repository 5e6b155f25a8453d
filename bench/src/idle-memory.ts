// Memory of idle client connections: `npm run idle-memory` in this folder. A fresh process for each kind of connection; the
// figure is the growth of its resident memory by 2,000 of them. The kernel's share is not in it.
import net, { type Socket } from 'node:net';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { reservePort } from '../../test/support/http-server.ts';
import { createTempDir } from '../../test/support/temp-dir.ts';
import { type Contender, HOST, type Setup } from './contenders/contender.ts';
import { envoy } from './contenders/envoy.ts';
import { limpet } from './contenders/limpet.ts';
import { chooseCores } from './cores.ts';
import { readResidentMiB } from './cpu-time.ts';
import { describeMachine } from './machine.ts';
import { spreadOf } from './spread.ts';
import { startUpstreamPods } from './upstream-pods.ts';

const CONNECTIONS = 2_000;
const RUNS = 3;
/** Connections and requests on each that go before, so that code is compiled and heaps have the size that traffic gives them. */
const WARM_UP = { connections: 64, requests: 500 };
/** Longer than a connection of Limpet holds on to what serving needs (RELEASE_MILLIS in downstream-connection.ts). */
const SETTLE_MILLIS = 2_500;

const REQUEST = `GET / HTTP/1.1\r\nhost: ${HOST}\r\n\r\n`;

interface IdleKind {
  readonly name: string;
  /** What the client sends. */
  readonly bytes: string;
  readonly isAnswered: boolean;
}

const KINDS: readonly IdleKind[] = [
  { name: 'connected, no byte sent', bytes: '', isAnswered: false },
  { name: 'kept alive after one request', bytes: REQUEST, isAnswered: true },
  {
    name: 'unfinished head of 250 bytes',
    bytes: `GET / HTTP/1.1\r\nhost: ${HOST}\r\nx-part: ${'p'.repeat(200)}`,
    isAnswered: false,
  },
];

async function open(port: number, { bytes, isAnswered }: IdleKind): Promise<Socket> {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  if (bytes !== '') socket.write(bytes);
  if (isAnswered) await new Promise<void>((resolve) => socket.once('data', () => resolve()));
  return socket;
}

/** Kibibytes of resident memory that each connection of the kind adds to a fresh process. */
async function measure(contender: Contender, setup: Setup, kind: IdleKind): Promise<number> {
  await using proxy = await contender.start(setup);
  await Promise.all(Array.from({ length: WARM_UP.connections }, () => warmUp(setup.port)));
  await delay(SETTLE_MILLIS);
  const before = readResidentMiB(proxy.pid);
  const sockets: Socket[] = [];
  for (let i = 0; i < CONNECTIONS; i++) sockets.push(await open(setup.port, kind));
  await delay(SETTLE_MILLIS);
  const grown = readResidentMiB(proxy.pid) - before;
  if (sockets.some((socket) => socket.destroyed)) throw new Error(`${contender.name} has closed idle connections`);
  for (const socket of sockets) socket.destroy();
  return (grown * 1024) / CONNECTIONS;
}

async function warmUp(port: number): Promise<void> {
  const socket = await open(port, { name: '', bytes: REQUEST, isAnswered: true });
  for (let i = 0; i < WARM_UP.requests; i++) {
    const answered = new Promise<void>((resolve) => socket.once('data', () => resolve()));
    socket.write(REQUEST);
    await answered;
  }
  socket.destroy();
}

async function main(): Promise<void> {
  using dir = createTempDir();
  const writeConfig = (name: string, content: string): string => dir.write(name, content);
  const cores = chooseCores();
  await using upstream = await startUpstreamPods(cores.load, writeConfig);
  const contenders = [limpet, envoy].filter((contender) => contender.findVersion() !== null);
  const print = (cells: readonly string[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`);
  print(['KiB for each client connection', ...contenders.map(({ name, findVersion }) => `${name} ${findVersion()}`)]);
  print(['---', ...contenders.map(() => '--:')]);
  for (const kind of KINDS) {
    const cells: string[] = [];
    for (const contender of contenders) {
      const runs: number[] = [];
      for (let i = 0; i < RUNS; i++) {
        const port = await reservePort();
        const accessLog = dir.write(`${contender.name}.log`, '');
        const setup = { pods: upstream.pods, port, accessLog, writeConfig, cpuProfileDir: null, core: cores.contender };
        runs.push(await measure(contender, setup, kind));
      }
      const { min, median, max } = spreadOf(runs);
      cells.push(`**${median.toFixed(1)}** (${min.toFixed(1)} to ${max.toFixed(1)})`);
    }
    print([kind.name, ...cells]);
  }
  const date = new Date().toISOString().slice(0, 10);
  process.stdout.write(`\nMedian of ${RUNS} fresh processes (lowest to highest). ${date}, ${describeMachine()}.\n`);
}

await main();
