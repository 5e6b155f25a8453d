import assert from 'node:assert/strict';
import { readFileSync, renameSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startLimpet, type TestProcess } from '../support/child-process.ts';
import { startChurn } from '../support/churn-client.ts';
import { canConnect } from '../support/connections.ts';
import { fetchFrom } from '../support/http-client.ts';
import { startHttpServer, type TestServer } from '../support/http-server.ts';
import { childrenOf, eventually, isRunning } from '../support/processes.ts';
import { SHOP_GATEWAY, shopRoute, shopWorkload } from '../support/shop.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

const skip = process.platform === 'linux' ? false : 'only Linux lists the processes that a process has started';
const WORKERS = 3;

interface Shop extends AsyncDisposable {
  readonly process: TestProcess;
  readonly port: number;
  readonly workers: readonly number[];
}

/** The shop served by three workers; ended with its processes. */
async function startShop(folder: TempDir, pod: TestServer, accessLog: string): Promise<Shop> {
  folder.write('shop/gateway.yaml', `${SHOP_GATEWAY}---\n${shopRoute('all', '*')}`);
  folder.write('shop/workload.yaml', shopWorkload({ 'web-0': pod }));
  const limpet = await startLimpet([
    ...['run', '-f', join(folder.path, 'shop'), '--port', '80=0', '--bind', '127.0.0.1', '--admin', 'off'],
    ...['--access-log', accessLog, '--workers', String(WORKERS)],
  ]);
  const [, port] = await limpet.waitForLine(/^ready: .* on 127\.0\.0\.1:(\d+);/);
  const workers = childrenOf(limpet.pid);
  assert.equal(workers.length, WORKERS);
  return { process: limpet, port: Number(port), workers, [Symbol.asyncDispose]: () => limpet.stop() };
}

/** Resolves when none of the processes runs any more. */
function untilEnded(pids: readonly number[]): Promise<void> {
  return eventually('the end of all processes', () => !pids.some(isRunning));
}

describe('limpet run --workers', { timeout: 90_000, skip }, () => {
  it('ends with 0 after the requests that run in workers, also when a terminal signals all of them', async () => {
    using folder = createTempDir();
    const arrived = Promise.withResolvers<ServerResponse>();
    await using pod = await startHttpServer((_request, response) => arrived.resolve(response));
    await using shop = await startShop(folder, pod, 'off');
    const answer = fetchFrom({ port: shop.port });
    const response = await arrived.promise;
    process.kill(-shop.process.pid, 'SIGINT');
    await shop.process.waitForLine(/finishing the requests that run/);
    await eventually('new connections to be refused', async () => !(await canConnect(shop.port)));
    response.end('late');
    assert.equal((await answer).text, 'late');
    assert.equal(await shop.process.exit, 0);
    await untilEnded(shop.workers);
  });

  it('leaves no worker behind when it is told twice to stop', async () => {
    using folder = createTempDir();
    const arrived = Promise.withResolvers<void>();
    await using pod = await startHttpServer(() => arrived.resolve());
    await using shop = await startShop(folder, pod, 'off');
    const broken = assert.rejects(fetchFrom({ port: shop.port }));
    await arrived.promise;
    shop.process.signal('SIGINT');
    await shop.process.waitForLine(/finishing the requests that run/);
    shop.process.signal('SIGINT');
    await broken;
    await untilEnded(shop.workers);
    assert.equal(await shop.process.exit, 130);
  });

  it('has its workers finish and let go of the port when the primary is killed', async () => {
    using folder = createTempDir();
    const arrived = Promise.withResolvers<ServerResponse>();
    await using pod = await startHttpServer((_request, response) => arrived.resolve(response));
    await using shop = await startShop(folder, pod, 'off');
    const answer = fetchFrom({ port: shop.port });
    const response = await arrived.promise;
    shop.process.signal('SIGKILL');
    await eventually('new connections to be refused', async () => !(await canConnect(shop.port)));
    response.end('late');
    assert.equal((await answer).text, 'late');
    await untilEnded(shop.workers);
  });

  it('writes whole lines of all workers to standard output, however long they are', async () => {
    using folder = createTempDir();
    await using pod = await startHttpServer((_request, response) => response.end('pod'));
    await using shop = await startShop(folder, pod, 'stdout');
    // Far more than a pipe takes in one piece.
    const paths = Array.from({ length: 300 }, (_, index) => `/${String(index).padStart(4, '0')}${'x'.repeat(8_000)}`);
    await Promise.all(paths.map((path) => fetchFrom({ port: shop.port, path })));
    await shop.process.stop();
    const lines = shop.process
      .standardOutput()
      .split('\n')
      .filter((line) => line.startsWith('{"time"') && line.includes('"path"'));
    // Numbers alone: a difference of megabytes is hard to read.
    const logged = lines.map((line) => JSON.parse(line) as { readonly path: string });
    const numbers = logged.map(({ path }) => Number(path.slice(1, 5))).sort((x, y) => x - y);
    assert.deepEqual(numbers, [...paths.keys()]);
    assert.ok(logged.every(({ path }) => paths.includes(path)));
  });

  it('writes one file from all workers, and goes on in a new one after a rotation', async () => {
    using folder = createTempDir();
    await using pod = await startHttpServer((_request, response) => response.end('pod'));
    const log = join(folder.path, 'access.log');
    await using shop = await startShop(folder, pod, log);
    await using churn = startChurn({ port: shop.port });
    await churn.succeedMore(300);
    renameSync(log, `${log}.1`);
    shop.process.signal('SIGHUP');
    await eventually('lines in the new file', () => readLines(log).length > 0);
    await churn.succeedMore(300);
    await churn.stop();
    await shop.process.stop();
    assert.equal(readLines(log).length + readLines(`${log}.1`).length, churn.succeeded);
  });
});

/** Lines of a log, each of which must be whole; none while there is no such file. */
function readLines(path: string): readonly unknown[] {
  try {
    return readFileSync(path, 'latin1')
      .split('\n')
      .slice(0, -1)
      .map((line): unknown => JSON.parse(line));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
