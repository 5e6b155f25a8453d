import assert from 'node:assert/strict';
import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startLimpet, type TestProcess } from '../support/child-process.ts';
import { fetchFrom, type TestResponse } from '../support/http-client.ts';
import { startHttpServer, type TestServer } from '../support/http-server.ts';
import { SHOP_GATEWAY, shopRoute, shopWorkload } from '../support/shop.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

/** The promise: an edit is live within a second. */
const LIVE_MILLIS = 1_000;
/** LIMPET_SOAK_SECONDS=60 is the form in which the promise is made. */
const LOAD_SECONDS = Number(process.env['LIMPET_SOAK_SECONDS'] ?? 6);
const LOAD_EDITS = LOAD_SECONDS >= 60 ? 50 : 15;
const CLIENTS = 20;

interface Setup extends AsyncDisposable {
  readonly folder: TempDir;
  readonly process: TestProcess;
  readonly first: TestServer;
  readonly second: TestServer;
  get(host?: string): Promise<TestResponse>;
  readonly port: number;
}

/** A gateway on `shop/` inside a folder of its own, with `first` behind it. */
async function start(layOut: (folder: TempDir, first: TestServer) => void): Promise<Setup> {
  await using cleanup = new AsyncDisposableStack();
  const folder = cleanup.use(createTempDir());
  const first = cleanup.use(await startHttpServer((_request, response) => response.end('first')));
  const second = cleanup.use(await startHttpServer((_request, response) => response.end('second')));
  layOut(folder, first);
  const options = ['--port', '80=0', '--bind', '127.0.0.1', '--admin', 'off', '--access-log', 'off'];
  const process = cleanup.use(await startLimpet(['run', '-f', join(folder.path, 'shop'), ...options]));
  const [, port] = await process.waitForLine(/^ready: .* on 127\.0\.0\.1:(\d+);/);
  const moved = cleanup.move();
  return {
    folder,
    process,
    first,
    second,
    port: Number(port),
    get: (host = 'shop.example') => fetchFrom({ port: Number(port), headers: { host } }),
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  };
}

function writeShop(folder: TempDir, pod: TestServer, path = 'shop'): void {
  folder.write(`${path}/gateway.yaml`, `${SHOP_GATEWAY}---\n${shopRoute('shop', 'shop.example')}`);
  folder.write(`${path}/workload.yaml`, shopWorkload({ 'web-0': pod }));
}

/** Asks until the answer is as expected; fails when that takes longer than was promised. */
async function becomes(what: string, ask: () => Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await ask())) {
    const millis = performance.now() - startedAt;
    assert.ok(millis < LIVE_MILLIS, `${what} is not live after ${Math.round(millis)} ms`);
  }
}

describe('a change of the files', { timeout: 120_000 }, () => {
  it('is live within a second: an edit, a save by rename, an addition, a removal', async () => {
    await using setup = await start(writeShop);
    const { folder, get, first, second } = setup;
    const answers = (text: string) => async () => (await get()).text === text;
    folder.write('shop/workload.yaml', shopWorkload({ 'web-0': second }));
    await becomes('an edit', answers('second'));
    const saved = folder.write('shop/.workload.yaml.swp', shopWorkload({ 'web-0': first }));
    renameSync(saved, join(folder.path, 'shop/workload.yaml'));
    await becomes('a save by rename', answers('first'));
    const added = folder.write('shop/other.yaml', shopRoute('other', 'other.example'));
    await becomes('an added file', async () => (await get('other.example')).status === 200);
    rmSync(added);
    await becomes('a removal', async () => (await get('other.example')).status === 404);
    assert.equal((await get()).text, 'first');
  });

  it('is live within a second when a mounted ConfigMap is swapped', async () => {
    const mount = (folder: TempDir, version: string, pod: TestServer): void => {
      writeShop(folder, pod, `shop/..${version}`);
      symlinkSync(`..${version}`, join(folder.path, 'shop/..data_tmp'));
      renameSync(join(folder.path, 'shop/..data_tmp'), join(folder.path, 'shop/..data'));
    };
    await using setup = await start((folder, first) => {
      mount(folder, '2024_01', first);
      for (const file of ['gateway.yaml', 'workload.yaml'])
        symlinkSync(`..data/${file}`, join(folder.path, 'shop', file));
    });
    const { folder, get, second } = setup;
    assert.equal((await get()).text, 'first');
    mount(folder, '2024_02', second);
    rmSync(join(folder.path, 'shop/..2024_01'), { recursive: true });
    await becomes('a swapped ConfigMap', async () => (await get()).text === 'second');
  });

  it('leaves the last good configuration serving when it is broken, and says where', async () => {
    await using setup = await start(writeShop);
    const { folder, get, process, second } = setup;
    const file = join(folder.path, 'shop/gateway.yaml');
    folder.write('shop/gateway.yaml', SHOP_GATEWAY.replace('number: 80', 'number: [80'));
    await process.waitForLine(/the new configuration is rejected; revision 1 goes on serving/);
    assert.ok(process.output().includes(`"at":"${file}:7:`), process.output());
    assert.equal((await get()).text, 'first');
    folder.write('shop/workload.yaml', shopWorkload({ 'web-0': second }));
    folder.write('shop/gateway.yaml', `${SHOP_GATEWAY}---\n${shopRoute('shop', 'shop.example')}`);
    await becomes('the mended configuration', async () => (await get()).text === 'second');
  });

  it('fails no request of 20 clients', async (test) => {
    await using setup = await start(writeShop);
    const { folder, first, second, port, get, process } = setup;
    const deadline = performance.now() + LOAD_SECONDS * 1000;
    const seen = new Map<string, number>();
    const client = async (): Promise<void> => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      while (performance.now() < deadline) {
        const { status, text } = await fetchFrom({ port, agent, headers: { host: 'shop.example' } });
        const answer = `${status} ${text}`;
        seen.set(answer, (seen.get(answer) ?? 0) + 1);
      }
      agent.destroy();
    };
    const clients = Array.from({ length: CLIENTS }, client);
    const edits: ((round: number) => void)[] = [
      (round) => folder.write('shop/workload.yaml', shopWorkload({ 'web-0': round % 2 === 0 ? second : first })),
      () => folder.write('shop/added.yaml', shopRoute('added', 'added.example')),
      (round) => {
        const saved = folder.write('shop/.new', shopWorkload({ [`web-${round}`]: first, 'web-x': second }));
        renameSync(saved, join(folder.path, 'shop/workload.yaml'));
      },
      () => folder.write('shop/broken.yaml', 'kind: [\n'),
      () => rmSync(join(folder.path, 'shop/added.yaml')),
      () => rmSync(join(folder.path, 'shop/broken.yaml')),
    ];
    for (let round = 0; round < LOAD_EDITS; round++) {
      edits[round % edits.length]?.(round);
      const next = deadline - ((LOAD_EDITS - 1 - round) * LOAD_SECONDS * 1000) / LOAD_EDITS;
      while (performance.now() < next) await get();
    }
    await Promise.all(clients);
    const total = [...seen.values()].reduce((sum, count) => sum + count, 0);
    test.diagnostic(`${total} requests during ${LOAD_EDITS} edits: ${JSON.stringify(Object.fromEntries(seen))}`);
    assert.deepEqual([...seen.keys()].sort(), ['200 first', '200 second']);
    const revisions = process.output().match(/revision \d+ serves/g)?.length ?? 0;
    assert.ok(revisions >= LOAD_EDITS / 3, `only ${revisions} of ${LOAD_EDITS} edits were served`);
  });
});
