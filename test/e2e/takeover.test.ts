import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startProcess, type TestProcess } from '../support/child-process.ts';
import { startChurn } from '../support/churn-client.ts';
import { fetchFrom } from '../support/http-client.ts';
import { startHttpServer, type TestServer } from '../support/http-server.ts';
import { eventually, isRunning } from '../support/processes.ts';
import { SHOP_GATEWAY, shopRoute, shopWorkload } from '../support/shop.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import { ROOT } from '../support/tools.ts';

/** Fresh connections while one process takes over from the other. */
const CONNECTIONS = 2_000;

/** A release: runs limpet with this many workers. What is on disk when SIGUSR2 comes takes over. */
function writeRelease(folder: TempDir, workers: number | 'broken'): string {
  const limpet = `process.argv.push('--workers=${workers}');\nawait import(${JSON.stringify(`${ROOT}bin/limpet.js`)});\n`;
  return folder.write('release.mjs', workers === 'broken' ? 'process.exit(7);\n' : limpet);
}

interface Shop {
  readonly process: TestProcess;
  readonly port: number;
  readonly adminPort: number;
  readonly pidFile: string;
}

async function startShop(folder: TempDir, pod: TestServer, workers: number): Promise<Shop> {
  folder.write('shop/gateway.yaml', `${SHOP_GATEWAY}---\n${shopRoute('all', '*')}`);
  folder.write('shop/workload.yaml', shopWorkload({ 'web-0': pod }));
  const pidFile = join(folder.path, 'limpet.pid');
  const process_ = await startProcess(process.execPath, [
    writeRelease(folder, workers),
    ...['run', '-f', join(folder.path, 'shop'), '--port', '80=0', '--bind', '127.0.0.1', '--admin', '127.0.0.1:0'],
    ...['--access-log', join(folder.path, 'access.log'), '--pid-file', pidFile],
  ]);
  const [, port, adminPort] = await process_.waitForLine(/^ready: .* on 127\.0\.0\.1:(\d+);.* admin on .*:(\d+);/);
  return { process: process_, port: Number(port), adminPort: Number(adminPort), pidFile };
}

describe('limpet run, SIGUSR2', { timeout: 90_000 }, () => {
  for (const [before, after] of [
    [2, 2],
    [1, 3],
    [3, 1],
  ] as const) {
    it(`hands over from ${before} to ${after} workers without a failed connection`, async () => {
      using folder = createTempDir();
      await using pod = await startHttpServer((_request, response) => response.end('pod'));
      const shop = await startShop(folder, pod, before);
      await using old = shop.process;
      await using churn = startChurn({ port: shop.port });
      await using adminChurn = startChurn({ port: shop.adminPort, path: '/healthz', concurrency: 2 });
      await churn.succeedMore(200);
      writeRelease(folder, after);
      old.signal('SIGUSR2');
      const enough = churn.succeedMore(CONNECTIONS);
      const [, pid] = await old.waitForLine(/process (\d+) has taken over/);
      await eventually('the end of the old process', () => !isRunning(old.pid));
      await enough;
      await churn.succeedMore(200);
      await Promise.all([churn.stop(), adminChurn.stop()]);
      assert.deepEqual([churn.failures, adminChurn.failures], [[], []]);
      assert.equal(readFileSync(shop.pidFile, 'utf8'), `${pid}\n`);
      assert.equal((await fetchFrom({ port: shop.adminPort, path: '/ready' })).status, 200);
      process.kill(Number(pid), 'SIGTERM');
      assert.equal(await old.exit, 0);
      const lines = readFileSync(join(folder.path, 'access.log'), 'utf8').trim().split('\n');
      assert.equal(lines.length, churn.succeeded);
    });
  }

  it('goes on when the new release does not come to serve, and takes the next one', async () => {
    using folder = createTempDir();
    await using pod = await startHttpServer((_request, response) => response.end('pod'));
    const shop = await startShop(folder, pod, 2);
    await using old = shop.process;
    await using churn = startChurn({ port: shop.port, concurrency: 4 });
    writeRelease(folder, 'broken');
    old.signal('SIGUSR2');
    await old.waitForLine(/the new process ended with exit code 7 before it served; this one goes on/);
    await churn.succeedMore(100);
    assert.equal(readFileSync(shop.pidFile, 'utf8'), `${old.pid}\n`);
    writeRelease(folder, 2);
    old.signal('SIGUSR2');
    const [, pid] = await old.waitForLine(/process (\d+) has taken over/);
    await eventually('the end of the old process', () => !isRunning(old.pid));
    await churn.succeedMore(100);
    await churn.stop();
    process.kill(Number(pid), 'SIGTERM');
    assert.equal(await old.exit, 0);
  });
});
