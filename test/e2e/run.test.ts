import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startLimpet, type TestProcess } from '../support/child-process.ts';
import { canConnect } from '../support/connections.ts';
import { fetchFrom } from '../support/http-client.ts';
import { startHttpServer, type TestServer } from '../support/http-server.ts';
import { SHOP_GATEWAY, shopRoute, shopWorkload } from '../support/shop.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

const OPTIONS = ['--port', '80=0', '--bind', '127.0.0.1', '--admin', '127.0.0.1:0'];

function writeShop(folder: TempDir, pods: Record<string, TestServer>): void {
  folder.write('shop/gateway.yaml', `${SHOP_GATEWAY}---\n${shopRoute('all', '*')}`);
  folder.write('shop/workload.yaml', shopWorkload(pods));
}

interface Running {
  readonly process: TestProcess;
  readonly port: number;
  readonly adminPort: number;
}

async function whenReady(process: TestProcess): Promise<Running> {
  const [, port, adminPort] = await process.waitForLine(
    /^ready: \S+ on 127\.0\.0\.1:(\d+); .*; admin on 127\.0\.0\.1:(\d+); \d+ ms$/,
  );
  return { process, port: Number(port), adminPort: Number(adminPort) };
}

describe('limpet run', { timeout: 60_000 }, () => {
  it('serves the files, says so in one line, and writes the access log', async () => {
    using folder = createTempDir();
    await using pod = await startHttpServer((_request, response) => response.end('pod'));
    writeShop(folder, { 'web-0': pod });
    const log = join(folder.path, 'log', 'access.log');
    await using process = await startLimpet(['run', '-f', join(folder.path, 'shop'), ...OPTIONS, '--access-log', log]);
    const { port, adminPort } = await whenReady(process);
    assert.equal((await fetchFrom({ port, path: '/cart', headers: { host: 'shop.example' } })).text, 'pod');
    assert.equal((await fetchFrom({ port: adminPort, path: '/ready' })).status, 200);
    process.signal('SIGTERM');
    assert.equal(await process.exit, 0);
    const [line, ...more] = readFileSync(log, 'utf8').trim().split('\n');
    assert.deepEqual(more, []);
    const { path, status, upstream_addr, upstream_pod } = JSON.parse(line ?? '');
    assert.deepEqual(
      { path, status, upstream_addr, upstream_pod },
      {
        path: '/cart',
        status: 200,
        upstream_addr: pod.address,
        upstream_pod: 'web-0',
      },
    );
  });

  it('finishes the request that runs when it is told to stop, and takes no new one', async () => {
    using folder = createTempDir();
    const arrived = Promise.withResolvers<ServerResponse>();
    await using pod = await startHttpServer((_request, response) => arrived.resolve(response));
    writeShop(folder, { 'web-0': pod });
    await using process = await startLimpet([
      'run',
      '-f',
      join(folder.path, 'shop'),
      ...OPTIONS,
      '--access-log',
      'off',
    ]);
    const { port } = await whenReady(process);
    const answer = fetchFrom({ port, headers: { host: 'shop.example' } });
    const response = await arrived.promise;
    process.signal('SIGINT');
    await process.waitForLine(/finishing the requests that run/);
    while (await canConnect(port));
    response.end('late');
    assert.equal((await answer).text, 'late');
    assert.equal(await process.exit, 0);
  });

  it('exits at once when it is told twice', async () => {
    using folder = createTempDir();
    const arrived = Promise.withResolvers<void>();
    await using pod = await startHttpServer(() => arrived.resolve());
    writeShop(folder, { 'web-0': pod });
    await using process = await startLimpet([
      'run',
      '-f',
      join(folder.path, 'shop'),
      ...OPTIONS,
      '--access-log',
      'off',
    ]);
    const { port } = await whenReady(process);
    const broken = assert.rejects(fetchFrom({ port, headers: { host: 'shop.example' } }));
    await arrived.promise;
    process.signal('SIGINT');
    await process.waitForLine(/finishing the requests that run/);
    process.signal('SIGINT');
    assert.equal(await process.exit, 130);
    await broken;
  });

  it('reads the files again on SIGHUP, and only then if it does not watch', async () => {
    using folder = createTempDir();
    await using first = await startHttpServer((_request, response) => response.end('first'));
    await using second = await startHttpServer((_request, response) => response.end('second'));
    writeShop(folder, { 'web-0': first });
    await using process = await startLimpet([
      'run',
      '-f',
      join(folder.path, 'shop'),
      '--no-watch',
      ...OPTIONS,
      '--access-log',
      'off',
    ]);
    const { port, adminPort } = await whenReady(process);
    writeShop(folder, { 'web-0': second });
    assert.equal((await fetchFrom({ port })).text, 'first');
    process.signal('SIGHUP');
    await process.waitForLine(/revision 2 serves/);
    assert.equal((await fetchFrom({ port })).text, 'second');
    writeShop(folder, { 'web-0': first });
    const reload = await fetchFrom({ port: adminPort, method: 'POST', path: '/reload' });
    assert.deepEqual([reload.status, JSON.parse(reload.text).revision], [200, 3]);
    assert.equal((await fetchFrom({ port })).text, 'first');
  });

  it('is the gateway that --istio says, with workers and after a reload', async () => {
    using folder = createTempDir();
    await using pod = await startHttpServer((_request, response) => response.end('pod'));
    const route = shopRoute('all', '*');
    const gateway = SHOP_GATEWAY.replace('istio: ingressgateway', 'istio: edge');
    folder.write('shop/workload.yaml', shopWorkload({ 'web-0': pod }));
    folder.write('shop/gateway.yaml', `${gateway}---\n${route.replace('spec:', 'spec:\n  exportTo: [edge]')}`);
    await using process = await startLimpet([
      ...['run', '-f', join(folder.path, 'shop'), '--no-watch', ...OPTIONS, '--access-log', 'off', '--workers', '2'],
      ...['--istio', 'namespace=edge', '--istio', 'labels=istio=edge'],
    ]);
    const { port } = await whenReady(process);
    assert.equal((await fetchFrom({ port })).text, 'pod');
    folder.write(
      'shop/gateway.yaml',
      `${gateway}---\n${route.replace('spec:', 'spec:\n  exportTo: [edge, other]')}---\n${shopRoute('more', 'more.example')}`,
    );
    process.signal('SIGHUP');
    await process.waitForLine(/revision 2 serves/);
    assert.equal((await fetchFrom({ port })).text, 'pod');
    folder.write('shop/gateway.yaml', `${gateway}---\n${route.replace('spec:', 'spec:\n  exportTo: [istio-system]')}`);
    process.signal('SIGHUP');
    await process.waitForLine(/revision 3 serves/);
    assert.equal((await fetchFrom({ port })).status, 404);
  });

  it('waits for files that are not there yet', async () => {
    using folder = createTempDir();
    await using pod = await startHttpServer((_request, response) => response.end('pod'));
    const path = join(folder.path, 'shop');
    await using process = await startLimpet(['run', '-f', path, ...OPTIONS, '--access-log', 'off']);
    const [, adminPort] = await process.waitForLine(/^not ready: nothing to serve yet; .*admin on 127\.0\.0\.1:(\d+)/);
    assert.match(process.output(), /there is no such file or folder/);
    assert.equal((await fetchFrom({ port: Number(adminPort), path: '/ready' })).status, 503);
    writeShop(folder, { 'web-0': pod });
    await process.waitForLine(/revision 2 serves/);
    const { listeners } = JSON.parse((await fetchFrom({ port: Number(adminPort), path: '/listeners' })).text);
    assert.equal(listeners.length, 1);
  });

  it('says which port is taken, and exits 1', async () => {
    using folder = createTempDir();
    await using pod = await startHttpServer((_request, response) => response.end('pod'));
    writeShop(folder, { 'web-0': pod });
    const taken = ['--port', `80=${pod.port}`, '--bind', '127.0.0.1', '--admin', 'off', '--access-log', 'off'];
    await using process = await startLimpet(['run', '-f', join(folder.path, 'shop'), ...taken]);
    assert.equal(await process.exit, 1);
    assert.match(process.output(), new RegExp(`listener [^\\n]*${pod.port}`));
    assert.doesNotMatch(process.output(), /\n {4}at /);
  });

  it('goes on when nobody reads its standard output any more', async () => {
    using folder = createTempDir();
    await using pod = await startHttpServer((_request, response) => response.end('pod'));
    writeShop(folder, { 'web-0': pod });
    const options = [...OPTIONS, '--access-log', 'stdout'];
    const child = spawn(process.execPath, ['bin/limpet.js', 'run', '-f', join(folder.path, 'shop'), ...options], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [chunk] = await once(child.stdout, 'data');
      const port = Number(/ on 127\.0\.0\.1:(\d+)/.exec(String(chunk))?.[1]);
      child.stdout.destroy();
      // Longer than the log holds lines back.
      for (const end = performance.now() + 500; performance.now() < end; ) {
        assert.equal((await fetchFrom({ port })).status, 200);
      }
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
});
