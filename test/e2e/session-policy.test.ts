import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { describe, it } from 'node:test';
import { startLimpet, type TestProcess } from '../support/child-process.ts';
import { fetchFrom, type TestResponse } from '../support/http-client.ts';
import { startHttpServer, type TestServer } from '../support/http-server.ts';
import { SHOP_GATEWAY, shopRoute } from '../support/shop.ts';
import { testKeyText } from '../support/strong-sessions.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import { ROOT } from '../support/tools.ts';

const POLICY = `apiVersion: limpet.dev/v1alpha1
kind: SessionPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRefs: [{kind: Service, name: web}]
  carrier: [{cookie: {name: sid}}]
  idleTimeout: 30m
  keys: {secretRef: {name: keys}}
`;

/** Pods by name; of those that terminate, the endpoints still serve. */
function workload(pods: readonly TestServer[], terminating: ReadonlySet<number>): string {
  const service =
    'apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {ports: [{name: http, port: 8080}]}\n';
  const slices = pods.map(({ host, port }, index) => {
    const isLeaving = terminating.has(index);
    return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-${index}, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: ${port}}]
endpoints:
- {addresses: [${host}], conditions: {ready: ${!isLeaving}, serving: true, terminating: ${isLeaving}}, targetRef: {kind: Pod, name: web-${index}, uid: uid-${index}}}
`;
  });
  return [service, ...slices].join('---\n');
}

function secret(...keys: readonly number[]): string {
  const data = Buffer.from(testKeyText(...keys)).toString('base64');
  return `apiVersion: v1\nkind: Secret\nmetadata: {name: keys, namespace: shop}\ndata: {keys.json: ${data}}\n`;
}

interface Setup extends AsyncDisposable {
  readonly folder: TempDir;
  readonly process: TestProcess;
  readonly pods: readonly TestServer[];
  readonly admin: number;
  get(cookie?: string): Promise<TestResponse>;
}

async function start(workers: number): Promise<Setup> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(createTempDir());
  const pods: TestServer[] = [];
  for (const name of ['a', 'b', 'c']) {
    pods.push(cleanup.use(await startHttpServer((_request, response) => response.end(name))));
  }
  folder.write('shop/gateway.yaml', `${SHOP_GATEWAY}---\n${shopRoute('shop', 'shop.example')}`);
  folder.write('shop/workload.yaml', workload(pods, new Set()));
  folder.write('shop/policy.yaml', POLICY);
  folder.write('shop/secret.yaml', secret(1));
  const options = ['--port', '80=0', '--bind', '127.0.0.1', '--admin', '127.0.0.1:0', '--workers', String(workers)];
  const process = cleanup.use(await startLimpet(['run', '-f', join(folder.path, 'shop'), ...options]));
  const [, port, admin] = await process.waitForLine(/^ready: .* on 127\.0\.0\.1:(\d+);.*127\.0\.0\.1:(\d+)/);
  const moved = cleanup.move();
  return {
    folder,
    process,
    pods,
    admin: Number(admin),
    get: (cookie) => {
      const headers = { host: 'shop.example', ...(cookie === undefined ? {} : { cookie }) };
      return fetchFrom({ port: Number(port), headers });
    },
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

function cookieOf({ setCookies }: TestResponse): string | undefined {
  return setCookies[0]?.split(';')[0];
}

async function reload({ admin }: Setup): Promise<string> {
  const response = await fetchFrom({ port: admin, method: 'POST', path: '/reload' });
  return (JSON.parse(response.text) as { outcome: string }).outcome;
}

/** What `limpet token inspect` says to somebody who has the configuration with its Secret and no other keys. */
function inspect(folder: TempDir, token: string): string {
  const { stdout } = spawnSync(
    execPath,
    ['bin/limpet.js', 'token', 'inspect', token, '-f', join(folder.path, 'shop')],
    {
      cwd: ROOT,
      encoding: 'utf8',
      env: { ...env, LIMPET_STATE_DIR: '/dev/null/nowhere' },
    },
  );
  return stdout;
}

describe('a SessionPolicy', { timeout: 60_000 }, () => {
  for (const workers of [1, 2]) {
    it(`keeps sessions of ${workers} workers through draining and a rotation of the Secret's keys`, async () => {
      await using setup = await start(workers);
      const { folder, pods, get } = setup;
      const first = await get();
      const cookie = cookieOf(first);
      assert.match(cookie ?? '', /^sid=1[\w-]+$/);
      const stays = async () => {
        for (let count = 0; count < 6; count++) assert.equal((await get(cookie)).text, first.text);
      };
      await stays();
      assert.match(inspect(folder, cookie ?? ''), /^pod {8}uid uid-\d$/m);
      const leaving = 'abc'.indexOf(first.text);
      folder.write('shop/workload.yaml', workload(pods, new Set([leaving])));
      // The watcher may have been first.
      assert.match(await reload(setup), /published|unchanged/);
      await stays();
      for (let count = 0; count < 6; count++) assert.notEqual((await get()).text, first.text);
      folder.write('shop/secret.yaml', secret(1, 2));
      assert.match(await reload(setup), /published|unchanged/);
      await stays();
      folder.write('shop/secret.yaml', secret(2));
      assert.match(await reload(setup), /published|unchanged/);
      // Its key has been retired: it is a token no more, and the pod drains.
      assert.notEqual((await get(cookie)).text, first.text);
    });
  }

  it('shows its keys nowhere, and a Secret that vanishes ends no session', async () => {
    await using setup = await start(1);
    const { folder, process, admin, get } = setup;
    const first = await get();
    const cookie = cookieOf(first);
    folder.write('shop/secret.yaml', '');
    assert.equal(await reload(setup), 'rejected');
    for (let count = 0; count < 6; count++) assert.equal((await get(cookie)).text, first.text);
    const shown = [process.output()];
    for (const path of ['/snapshot', '/listeners', '/clusters', '/diagnostics', '/metrics']) {
      shown.push((await fetchFrom({ port: admin, path })).text);
    }
    const body = JSON.stringify({ url: 'http://shop.example/', headers: [['cookie', cookie]] });
    const headers = { 'content-type': 'application/json' };
    const explained = await fetchFrom({ port: admin, method: 'POST', path: '/explain', headers, body });
    assert.equal(explained.status, 200);
    shown.push(explained.text);
    const text = testKeyText(1);
    const { keys } = JSON.parse(text) as { keys: { key: string }[] };
    for (const form of [keys[0]?.key ?? text, Buffer.from(text).toString('base64')]) {
      assert.ok(!shown.join('\n').includes(form));
    }
  });
});
