import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import type { ExplainRequest, Explanation } from '../model/explanation.ts';
import { type AdminServer, createAdminServer } from './admin.ts';
import type { AdminViews } from './admin-views.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

interface Call {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Not fetch, because that would neither send a foreign Host nor another site's Origin. */
async function call(server: AdminServer, { method = 'GET', path, headers = {}, body }: Call): Promise<Answer> {
  const port = Number(server.address.split(':').at(-1));
  const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false });
  request.end(body);
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

const JSON_TYPE = { 'content-type': 'application/json' };

function createViews(changes: Partial<AdminViews> = {}): AdminViews {
  return {
    readiness: () => ({ ready: true, reason: '' }),
    snapshot: () => ({
      revision: 3,
      digest: 'abc',
      model: { listeners: [], clusters: [] },
      diagnostics: [],
      publishedAt: 0,
    }),
    diagnostics: () => [],
    listeners: () => [{ name: 'http', address: '127.0.0.1:80', virtualHosts: ['*'], connections: 2 }],
    clusters: () => [],
    explain: explainNothing,
    sessions: () => ({ sessions: 0, forgotten: 0, endpoints: [], drains: [] }),
    drain: ({ endpoint }) => ({ kind: 'unknown', message: `no endpoint is called ${endpoint}` }),
    undrain: () => ({ kind: 'ambiguous', message: 'web may be any of 2 pods' }),
    reload: async () => ({ outcome: 'published', revision: 4, diagnostics: [] }),
    metrics: { contentType: 'text/plain; version=0.0.4', metrics: async () => 'limpet_up 1\n' },
    ...changes,
  };
}

function explainNothing(request: ExplainRequest): Explanation {
  return { request, steps: [], decision: null, status: 404, setCookies: [] };
}

async function createServer(
  views: AdminViews = createViews(),
  options: { host?: string; token?: string | null } = {},
): Promise<AdminServer & { readonly errors: unknown[] }> {
  const errors: unknown[] = [];
  const onError = (error: unknown): void => void errors.push(error);
  const server = await createAdminServer({ host: '127.0.0.1', port: 0, token: null, ...options, views, onError });
  return { ...server, errors };
}

describe('createAdminServer', () => {
  it('shows the state as JSON, and metrics in their own type', async () => {
    await using server = await createServer();
    const expected: Record<string, unknown> = {
      '/healthz': { status: 'ok' },
      '/ready': { status: 'ready' },
      '/listeners': { listeners: createViews().listeners() },
      '/clusters?pretty': { clusters: [] },
      '/diagnostics': { diagnostics: [] },
    };
    for (const [path, value] of Object.entries(expected)) {
      const answer = await call(server, { path });
      assert.deepEqual([answer.status, JSON.parse(answer.text)], [200, value], path);
    }
    const metrics = await call(server, { path: '/metrics' });
    assert.deepEqual([metrics.headers['content-type'], metrics.text], ['text/plain; version=0.0.4', 'limpet_up 1\n']);
  });

  it('shows the snapshot with a tag by which a client can ask for newer ones only', async () => {
    await using server = await createServer();
    const first = await call(server, { path: '/snapshot' });
    assert.deepEqual(JSON.parse(first.text), {
      revision: 3,
      digest: 'abc',
      publishedAt: '1970-01-01T00:00:00.000Z',
      model: { listeners: [], clusters: [] },
    });
    const again = await call(server, {
      path: '/snapshot',
      headers: { 'if-none-match': String(first.headers['etag']) },
    });
    assert.deepEqual([again.status, again.text], [304, '']);
  });

  it('is not ready, with the reason, until something is served', async () => {
    const reason = 'no listener is bound';
    await using server = await createServer(
      createViews({ readiness: () => ({ ready: false, reason }), snapshot: () => null, explain: () => null }),
    );
    const answer = await call(server, { path: '/ready' });
    assert.deepEqual([answer.status, JSON.parse(answer.text)], [503, { status: 'not ready', reason }]);
    assert.equal((await call(server, { path: '/snapshot' })).status, 503);
    const body = '{"url":"http://a/"}';
    assert.equal((await call(server, { method: 'POST', path: '/explain', headers: JSON_TYPE, body })).status, 503);
  });

  it('explains a posted request', async () => {
    const asked: ExplainRequest[] = [];
    await using server = await createServer(
      createViews({
        explain: (request) => {
          asked.push(request);
          return explainNothing(request);
        },
      }),
    );
    const body = JSON.stringify({
      url: 'http://a/b',
      headers: { 'x-user': 'u', cookie: ['a=1', 'b=2'] },
      sourceIp: '::1',
    });
    const answer = await call(server, { method: 'POST', path: '/explain', headers: JSON_TYPE, body });
    const headers = [
      ['x-user', 'u'],
      ['cookie', 'a=1'],
      ['cookie', 'b=2'],
    ];
    assert.deepEqual(asked, [{ url: 'http://a/b', method: 'GET', headers, sourceIp: '::1' }]);
    assert.deepEqual([answer.status, JSON.parse(answer.text)], [200, explainNothing(asked[0] as ExplainRequest)]);
  });

  it('reloads, and says when a reload was rejected', async () => {
    let outcome: 'published' | 'rejected' = 'published';
    await using server = await createServer(
      createViews({ reload: async () => ({ outcome, revision: 4, diagnostics: [] }) }),
    );
    assert.equal((await call(server, { method: 'POST', path: '/reload' })).status, 200);
    outcome = 'rejected';
    const answer = await call(server, { method: 'POST', path: '/reload' });
    assert.deepEqual([answer.status, JSON.parse(answer.text).outcome], [422, 'rejected']);
  });

  it('answers calls that are wrong with what is wrong', async () => {
    await using server = await createServer();
    const explain = { method: 'POST', path: '/explain', headers: JSON_TYPE };
    const cases: [Call, number, RegExp][] = [
      [{ path: '/nothing' }, 404, /no such page/],
      [{ path: '/__proto__' }, 404, /no such page/],
      [{ method: 'DELETE', path: '/snapshot' }, 405, /GET, HEAD/],
      [{ path: '/reload' }, 405, /POST/],
      [{ ...explain, headers: {}, body: '{}' }, 415, /application\/json/],
      [{ ...explain, headers: { 'content-type': 'text/plain' }, body: '{}' }, 415, /application\/json/],
      [{ ...explain, body: '{' }, 400, /not JSON/],
      [{ ...explain, body: '{}' }, 400, /url/],
      [{ ...explain, body: `{"url":"${'x'.repeat(70_000)}"}` }, 413, /larger/],
    ];
    for (const [input, status, message] of cases) {
      const answer = await call(server, input);
      assert.equal(answer.status, status, JSON.stringify(input).slice(0, 100));
      assert.match(JSON.parse(answer.text).error, message);
    }
    const head = await call(server, { method: 'HEAD', path: '/ready' });
    assert.deepEqual([head.status, head.text], [200, '']);
    assert.equal((await call(server, { method: 'PUT', path: '/explain' })).headers['allow'], 'POST');
  });

  it('hides what failed inside and reports it', async () => {
    const failure = new Error('secret detail');
    await using server = await createServer(
      createViews({
        clusters: () => {
          throw failure;
        },
      }),
    );
    const answer = await call(server, { path: '/clusters' });
    assert.deepEqual([answer.status, JSON.parse(answer.text)], [500, { error: 'internal error' }]);
    assert.deepEqual(server.errors, [failure]);
    assert.equal((await call(server, { path: '/healthz' })).status, 200);
  });

  it('cuts the connections that are open when it closes', async () => {
    const server = await createServer();
    const socket = connect(Number(server.address.split(':').at(-1)), '127.0.0.1');
    await once(socket, 'connect');
    const closed = once(socket, 'close');
    await server.close();
    await closed;
  });

  it('says in plain words when its address is taken', async () => {
    await using first = await createServer();
    const port = Number(first.address.split(':').at(-1));
    const options = { host: '127.0.0.1', port, token: null, views: createViews(), onError: () => {} };
    await assert.rejects(createAdminServer(options), {
      message: `the admin API can't listen on 127.0.0.1:${port}: the port is in use; choose another with --admin`,
    });
  });

  it('takes orders to drain, and says what is wrong with them', async () => {
    const asked: unknown[] = [];
    const drain = {
      pod: 'shop/web-0',
      uid: 'u1',
      addresses: ['10.0.0.1:80'],
      by: 'order',
      state: 'draining',
      startedSeconds: 1,
      deadlineSeconds: null,
      sessions: 2,
      activeRequests: 0,
      oldestSeconds: 3,
      estimateSeconds: null,
    } as const;
    await using server = await createServer(
      createViews({
        sessions: () => ({ sessions: 2, forgotten: 0, endpoints: [], drains: [drain] }),
        drain: (request) => {
          asked.push(request);
          return request.endpoint === 'web-0'
            ? { kind: 'done', drain }
            : { kind: 'unknown', message: 'no endpoint is called that' };
        },
      }),
    );
    const post = async (path: string, body: unknown): Promise<Answer> =>
      await call(server, { method: 'POST', path, headers: JSON_TYPE, body: JSON.stringify(body) });
    const done = await post('/drain', { endpoint: 'web-0', deadlineSeconds: 60 });
    assert.deepEqual([done.status, JSON.parse(done.text)], [200, drain]);
    assert.deepEqual(JSON.parse((await call(server, { path: '/sessions' })).text).drains, [drain]);
    assert.equal((await post('/drain', { endpoint: 'web-9' })).status, 404);
    assert.equal((await post('/undrain', { endpoint: 'web' })).status, 409);
    assert.deepEqual(asked, [
      { endpoint: 'web-0', deadlineSeconds: 60 },
      { endpoint: 'web-9', deadlineSeconds: null },
    ]);
    const bodies = [
      null,
      [],
      {},
      { endpoint: '' },
      { endpoint: 5 },
      { endpoint: 'x'.repeat(601) },
      { endpoint: 'a', b: 1 },
    ];
    for (const body of [...bodies, { endpoint: 'a', deadlineSeconds: -1 }, { endpoint: 'a', deadlineSeconds: '1m' }]) {
      assert.equal((await post('/drain', body)).status, 400, JSON.stringify(body));
    }
    const foreign = { ...JSON_TYPE, origin: 'http://evil.example' };
    const refused = await call(server, {
      method: 'POST',
      path: '/drain',
      headers: foreign,
      body: '{"endpoint":"web-0"}',
    });
    assert.equal(refused.status, 403);
  });
});

describe('createAdminServer off loopback', () => {
  it('lets everybody read, and changes state only for who has the token', async () => {
    let reloads = 0;
    const views = createViews({
      reload: async () => {
        reloads++;
        return { outcome: 'unchanged', revision: 4, diagnostics: [] };
      },
    });
    await using server = await createServer(views, { host: '0.0.0.0', token: 'correct-horse' });
    const reload = { method: 'POST', path: '/reload' };
    assert.equal((await call(server, { path: '/ready', headers: { host: 'limpet.example' } })).status, 200);
    const without = await call(server, reload);
    assert.deepEqual([without.status, without.headers['www-authenticate']], [401, 'Bearer']);
    assert.equal((await call(server, { ...reload, headers: { authorization: 'Bearer wrong' } })).status, 401);
    assert.equal(reloads, 0);
    assert.equal((await call(server, { ...reload, headers: { authorization: 'Bearer correct-horse' } })).status, 200);
    assert.equal(reloads, 1);
  });

  it('refuses changes where no token was configured', async () => {
    await using server = await createServer(createViews(), { host: '0.0.0.0' });
    const answer = await call(server, { method: 'POST', path: '/reload', headers: { authorization: 'Bearer null' } });
    assert.deepEqual([answer.status, JSON.parse(answer.text).error.includes('--admin-token-file')], [403, true]);
  });
});
