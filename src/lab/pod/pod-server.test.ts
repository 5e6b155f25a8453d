import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { createPodServer, type PodServer } from './pod-server.ts';

interface TestPod extends AsyncDisposable {
  readonly server: PodServer;
  readonly url: string;
  readonly lines: readonly string[];
}

async function createPod(): Promise<TestPod> {
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const server = await createPodServer({ name: 'httpbin-0', version: 'v2', host: '127.0.0.1', port: 0, log });
  return { server, url: `http://127.0.0.1:${server.port}`, lines, [Symbol.asyncDispose]: () => server.close() };
}

/** `connection: close`, so that the pod can end as soon as the test does. */
async function get(url: string, init: RequestInit = {}): Promise<Response> {
  return fetch(url, { ...init, headers: { ...init.headers, connection: 'close' } });
}

async function getJson(url: string, init: RequestInit = {}): Promise<Record<string, unknown>> {
  return (await (await get(url, init)).json()) as Record<string, unknown>;
}

describe('createPodServer', () => {
  it('echoes a request as httpbin does, with its own name', async () => {
    await using pod = await createPod();
    const headers = { 'x-forwarded-for': '10.1.2.3', 'x-forwarded-proto': 'https', 'x-request-id': 'r1' };
    const echo = await getJson(`${pod.url}/get?a=1&b=2&b=3`, { headers });
    assert.deepEqual(echo['args'], { a: '1', b: ['2', '3'] });
    assert.equal(echo['origin'], '10.1.2.3');
    assert.equal(echo['url'], `${pod.url.replace('http', 'https')}/get?a=1&b=2&b=3`);
    assert.equal(echo['pod'], 'httpbin-0');
    assert.equal((echo['headers'] as Record<string, string>)['X-Request-Id'], 'r1');
  });

  it('echoes bodies as text, form and JSON', async () => {
    await using pod = await createPod();
    const form = await getJson(`${pod.url}/post`, { method: 'POST', body: new URLSearchParams({ a: '1', b: 'ä' }) });
    assert.deepEqual([form['form'], form['data']], [{ a: '1', b: 'ä' }, '']);
    const json = await getJson(`${pod.url}/anything/x`, {
      method: 'PUT',
      body: '{"a":1}',
      headers: { 'content-type': 'application/json' },
    });
    assert.deepEqual([json['json'], json['data'], json['method']], [{ a: 1 }, '{"a":1}', 'PUT']);
    const bytes = await getJson(`${pod.url}/patch`, { method: 'PATCH', body: Uint8Array.of(0xff) });
    assert.equal(bytes['data'], 'data:application/octet-stream;base64,/w==');
  });

  it('has the small pages of httpbin', async () => {
    await using pod = await createPod();
    const headers = { 'user-agent': 'test', cookie: 'a=1; b="x=y"' };
    assert.equal((await getJson(`${pod.url}/user-agent`, { headers }))['user-agent'], 'test');
    assert.deepEqual((await getJson(`${pod.url}/cookies`, { headers }))['cookies'], { a: '1', b: '"x=y"' });
    assert.equal((await getJson(`${pod.url}/ip`))['origin'], '127.0.0.1');
    assert.equal((await getJson(`${pod.url}/hostname`))['hostname'], 'httpbin-0');
    assert.equal(await (await get(`${pod.url}/hello`)).text(), 'Hello version: v2, instance: httpbin-0\n');
    assert.equal(await (await get(`${pod.url}/healthz`)).text(), 'ok\n');
    assert.match(await (await get(pod.url)).text(), /<h1>httpbin<\/h1>[\s\S]*httpbin-0/);
  });

  it('answers with the status that is asked for', async () => {
    await using pod = await createPod();
    for (const status of [200, 204, 404, 503, 599])
      assert.equal((await get(`${pod.url}/status/${status}`)).status, status);
    assert.ok([200, 503].includes((await get(`${pod.url}/status/200,503`)).status));
    for (const wrong of ['100', '600', 'x', ''])
      assert.equal((await get(`${pod.url}/status/${wrong}`)).status, 400, wrong);
  });

  it('streams lines and sends bytes, never more than its limits', async () => {
    await using pod = await createPod();
    const lines = (await (await get(`${pod.url}/stream/3`)).text()).trim().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).id),
      [0, 1, 2],
    );
    assert.equal((await (await get(`${pod.url}/stream/5000`)).text()).trim().split('\n').length, 100);
    assert.equal((await (await get(`${pod.url}/bytes/1000`)).arrayBuffer()).byteLength, 1000);
    assert.equal((await (await get(`${pod.url}/bytes/99999999`)).arrayBuffer()).byteLength, 102_400);
    assert.equal((await get(`${pod.url}/bytes/-1`)).status, 400);
  });

  it('answers late when asked to', async () => {
    await using pod = await createPod();
    const startedAt = performance.now();
    assert.equal((await get(`${pod.url}/delay/0.05`)).status, 200);
    assert.ok(performance.now() - startedAt >= 45);
    assert.equal((await get(`${pod.url}/delay/soon`)).status, 400);
  });

  it('refuses what does not fit', async () => {
    await using pod = await createPod();
    const missing = await get(`${pod.url}/constructor`);
    assert.equal(missing.status, 404);
    const wrong = await get(`${pod.url}/post`);
    assert.deepEqual([wrong.status, wrong.headers.get('allow')], [405, 'POST']);
    const large = await get(`${pod.url}/post`, { method: 'POST', body: 'x'.repeat(2 * 1_048_576) }).catch(() => null);
    if (large !== null) assert.equal(large.status, 413);
    assert.equal((await get(`${pod.url}/healthz`)).status, 200);
  });

  it('names itself in every answer and logs one line for each', async () => {
    await using pod = await createPod();
    const response = await get(`${pod.url}/status/404`);
    assert.equal(response.headers.get('x-pod'), 'httpbin-0');
    await get(`${pod.url}/get`);
    await pod.server.close().catch(() => {});
    assert.deepEqual(
      pod.lines.map((line) => line.split(' ').slice(1, 5).join(' ')),
      ['httpbin-0 GET /status/404 404', 'httpbin-0 GET /get 200'],
    );
  });

  it('finishes the request that runs before it closes, and keeps no connection', async () => {
    await using pod = await createPod();
    const socket = connect(pod.server.port, '127.0.0.1');
    socket.write('GET /delay/0.1 HTTP/1.1\r\nhost: a\r\n\r\n');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    const ended = new Promise<void>((resolve) => socket.on('close', resolve));
    await new Promise<void>((resolve) => socket.on('connect', resolve));
    // Another connection's answer proves that the pod has read what came before.
    await get(`${pod.url}/healthz`);
    await pod.server.close();
    await ended;
    assert.match(text, /^HTTP\/1.1 200 OK\r\n[\s\S]*connection: close\r\n/i);
  });
});
