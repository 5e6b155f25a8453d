// Memory of idle client connections: `npm run idle-memory` in this folder. A fresh gateway process for each kind of
// connection; the figure is the growth of its resident memory by 2,000 of them. The kernel's share is not in it.
import { readFileSync } from 'node:fs';
import net, { type Socket } from 'node:net';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { startLimpet } from '../../test/support/child-process.ts';
import { startHttpServer } from '../../test/support/http-server.ts';
import { SHOP_GATEWAY, shopRoute, shopWorkload } from '../../test/support/shop.ts';
import { createTempDir } from '../../test/support/temp-dir.ts';

const CONNECTIONS = 2_000;
/** Connections and requests on each that go before, so that code is compiled and V8's heap has the size that traffic gives it. */
const WARM_UP = { connections: 64, requests: 500 };
/** Longer than a connection holds on to what serving needs (RELEASE_MILLIS in downstream-connection.ts). */
const SETTLE_MILLIS = 2_500;

const REQUEST = 'GET / HTTP/1.1\r\nhost: shop.example\r\n\r\n';

const KINDS: readonly (readonly [name: string, bytes: string, isAnswered: boolean])[] = [
  ['connected, no byte sent', '', false],
  ['kept alive after one request', REQUEST, true],
  ['unfinished head of 250 bytes', `GET / HTTP/1.1\r\nhost: shop.example\r\nx-part: ${'p'.repeat(200)}`, false],
];

async function open(port: number, bytes: string, isAnswered: boolean): Promise<Socket> {
  const socket = net.connect({ host: '127.0.0.1', port, noDelay: true });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  if (bytes !== '') socket.write(bytes);
  if (isAnswered) await new Promise<void>((resolve) => socket.once('data', () => resolve()));
  return socket;
}

async function measure(bytes: string, isAnswered: boolean): Promise<number> {
  using folder = createTempDir();
  await using pod = await startHttpServer((_request, response) => response.end('ok'));
  folder.write('shop.yaml', `${SHOP_GATEWAY}---\n${shopRoute('all', '*')}---\n${shopWorkload({ 'web-0': pod })}`);
  const flags = ['--bind', '127.0.0.1', '--port', '80=0', '--workers', '1', '--admin', 'off', '--access-log', 'off'];
  await using limpet = await startLimpet(['run', '-f', folder.path, ...flags, '--limit', 'head-timeout=1h']);
  const [, port] = await limpet.waitForLine(/^ready: \S+ on 127\.0\.0\.1:(\d+);/);
  await Promise.all(Array.from({ length: WARM_UP.connections }, () => warmUp(Number(port))));
  await delay(SETTLE_MILLIS);
  const before = residentKibibytes(limpet.pid);
  const sockets: Socket[] = [];
  for (let i = 0; i < CONNECTIONS; i++) sockets.push(await open(Number(port), bytes, isAnswered));
  await delay(SETTLE_MILLIS);
  const grown = residentKibibytes(limpet.pid) - before;
  for (const socket of sockets) socket.destroy();
  return grown / CONNECTIONS;
}

async function warmUp(port: number): Promise<void> {
  const socket = await open(port, REQUEST, true);
  for (let i = 0; i < WARM_UP.requests; i++) {
    const answered = new Promise<void>((resolve) => socket.once('data', () => resolve()));
    socket.write(REQUEST);
    await answered;
  }
  socket.destroy();
}

function residentKibibytes(pid: number): number {
  const [, kibibytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes);
}

process.stdout.write('| client connection | KiB each |\n| --- | --: |\n');
for (const [name, bytes, isAnswered] of KINDS) {
  const runs: number[] = [];
  for (let i = 0; i < 3; i++) runs.push(await measure(bytes, isAnswered));
  runs.sort((a, b) => a - b);
  const [low = 0, median = 0, high = 0] = runs;
  process.stdout.write(`| ${name} | **${median.toFixed(1)}** (${low.toFixed(1)} to ${high.toFixed(1)}) |\n`);
}
