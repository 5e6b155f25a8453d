import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startLimpet, type TestProcess } from '../support/child-process.ts';
import { RawClient } from '../support/http-client.ts';
import { startHttpServer, type TestServer } from '../support/http-server.ts';
import { SHOP_GATEWAY, shopRoute, shopWorkload } from '../support/shop.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

async function startShop(folder: TempDir, pod: TestServer, options: readonly string[]): Promise<TestProcess> {
  folder.write('gateway.yaml', `${SHOP_GATEWAY}---\n${shopRoute('all', '*')}`);
  folder.write('workload.yaml', shopWorkload({ 'web-0': pod }));
  const bindings = ['--port', '80=0', '--bind', '127.0.0.1', '--admin', 'off', '--access-log', 'off'];
  return await startLimpet(['run', '-f', join(folder.path), ...bindings, ...options]);
}

async function portOf(process: TestProcess): Promise<number> {
  const [, port] = await process.waitForLine(/^ready: \S+ on 127\.0\.0\.1:(\d+);/);
  return Number(port);
}

describe('limpet run with limits and proxies in front', { timeout: 60_000 }, () => {
  for (const workers of ['1', '2']) {
    it(`has them in ${workers} process${workers === '1' ? '' : 'es'}`, async () => {
      using folder = createTempDir();
      await using pod = await startHttpServer((request, response) =>
        response.end(
          `for ${request.headers['x-forwarded-for']}, trusted ${request.headers['x-envoy-external-address']};`,
        ),
      );
      await using process = await startShop(folder, pod, [
        ...['--workers', workers, '--limit', 'header-count=3', '--limit', 'head-timeout=200ms'],
        ...['--proxy-protocol', '--trusted-hops', '1'],
      ]);
      const port = await portOf(process);
      const header = 'PROXY TCP4 192.0.2.7 198.51.100.2 56324 443\r\n';
      using client = await RawClient.connect(port);
      client.write(`${header}GET / HTTP/1.1\r\nhost: a\r\nx-forwarded-for: 203.0.113.9\r\n\r\n`);
      await client.waitFor(/for 203\.0\.113\.9,192\.0\.2\.7, trusted 203\.0\.113\.9;/);
      client.write('GET / HTTP/1.1\r\nhost: a\r\nb: 1\r\nc: 1\r\nd: 1\r\n\r\n');
      assert.match(await client.waitForEnd(), /HTTP\/1\.1 431 /);
      using slow = await RawClient.connect(port);
      slow.write(`${header}GET / HTTP`);
      assert.match(await slow.waitForEnd(), /^HTTP\/1\.1 408 /);
    });
  }
});
