import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startGateway, type TestGateway } from '../../test/support/gateway.ts';
import { fetchFrom } from '../../test/support/http-client.ts';
import { reservePort, startHttpServer } from '../../test/support/http-server.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute } from '../../test/support/model-builder.ts';
import { SESSION_COOKIE, strongSession, testKeyText } from '../../test/support/strong-sessions.ts';
import type { Endpoint } from '../model/cluster.ts';
import type { StrongSession } from '../model/strong-session.ts';

const SOURCE_IP: StrongSession['fallback'] = [
  { kind: 'sourceNetwork', ipv4PrefixLength: 32, ipv6PrefixLength: 64, terminal: false },
];

type Pod = Awaited<ReturnType<typeof startPod>>;

/** Answers with its name; `/set` sets the application's cookie, `/clear` clears it, `/id` issues an id, `/say/W` signals W. */
function startPod(name: string): ReturnType<typeof startHttpServer> {
  return startHttpServer((request, response) => {
    const { url = '/', headers } = request;
    if (url === '/set') {
      response.setHeader('set-cookie', ['other=1; Path=/x', 'JSESSIONID="abc~def"; Path=/app; HttpOnly', 'last=2']);
    }
    if (url === '/clear') response.setHeader('set-cookie', 'JSESSIONID=; Path=/app; Max-Age=0');
    if (url === '/id') response.setHeader('mcp-session-id', 'theirs-1');
    if (url === '/cached') response.setHeader('cache-control', 'public, max-age=60, s-maxage=600');
    if (url === '/stored') response.setHeader('cache-control', 'no-store');
    if (url.startsWith('/say/')) response.setHeader('limpet-session', url.slice(5));
    const seen = { cookie: headers.cookie, id: headers['mcp-session-id'], lost: headers['x-lost'] };
    response.setHeader('x-seen', JSON.stringify(seen));
    response.end(name);
  });
}

function endpointOf(pod: Pod, name: string, overrides: Partial<Endpoint> = {}): Endpoint {
  return buildEndpoint(pod, { identity: { uid: `uid-${name}`, namespace: 'shop', name }, ...overrides });
}

function routeOf(session: Partial<StrongSession> = {}): ReturnType<typeof buildRoute> {
  return buildRoute(buildForward('c', { affinity: strongSession(session) }));
}

function cookiesOf(headers: Readonly<Record<string, unknown>>): string[] {
  const found = headers['set-cookie'];
  return found === undefined ? [] : Array.isArray(found) ? found.map(String) : [String(found)];
}

/** The `name=value` to send back. */
function pairOf(setCookie = ''): string {
  return setCookie.slice(0, setCookie.includes(';') ? setCookie.indexOf(';') : undefined);
}

async function get(
  { port }: TestGateway,
  path = '/',
  headers: Record<string, string> = {},
): ReturnType<typeof fetchFrom> {
  return await fetchFrom({ port, path, headers });
}

const KEYS = { sessionKeys: testKeyText(1) };

describe('strong sessions by cookie', () => {
  it('stay on their pod, and are told to the client once', async () => {
    await using a = await startPod('a');
    await using b = await startPod('b');
    const clusters = [buildCluster('c', [endpointOf(a, 'a'), endpointOf(b, 'b')])];
    await using test = await startGateway([routeOf()], clusters, KEYS);
    const pods = new Set<string>();
    for (let i = 0; i < 12; i++) {
      const first = await get(test);
      pods.add(first.text);
      const [setCookie = ''] = cookiesOf(first.headers);
      assert.match(setCookie, /^sid=1[A-Za-z0-9_-]{80,110}; Path=\/; HttpOnly; SameSite=Lax$/);
      assert.equal(first.headers['cache-control'], 'private');
      for (let j = 0; j < 3; j++) {
        const next = await get(test, '/', { cookie: `x=1; ${pairOf(setCookie)}` });
        assert.equal(next.text, first.text);
        assert.deepEqual(cookiesOf(next.headers), []);
        assert.equal(next.headers['cache-control'], undefined);
      }
    }
    assert.deepEqual([...pods].sort(), ['a', 'b']);
    const { decision } = await test.record(1);
    assert.deepEqual([decision?.mode, decision?.token, decision?.reason], ['session', 'used', 'token']);
  });

  it('are found in any of several cookies of the name; faults are absent and said in the record', async () => {
    await using a = await startPod('a');
    const clusters = [buildCluster('c', [endpointOf(a, 'a')])];
    await using test = await startGateway([routeOf()], clusters, KEYS);
    const good = pairOf(cookiesOf((await get(test)).headers)[0]);
    const bad = `${good.slice(0, -2)}${good.endsWith('A') ? 'B' : 'A'}A`;
    assert.deepEqual(cookiesOf((await get(test, '/', { cookie: `sid=; ${bad}; sid=x; ${good}` })).headers), []);
    const refused = await get(test, '/', { cookie: bad });
    assert.equal(refused.status, 200);
    assert.equal(cookiesOf(refused.headers).length, 1);
    await get(test, '/', { cookie: 'sid=Cg8xMC4xMzAuMC44OjgwODA=' });
    const outcomes = await Promise.all([0, 1, 2, 3].map(async (index) => (await test.record(index)).decision?.token));
    assert.deepEqual([outcomes[0], outcomes[1], outcomes[3]], ['absent', 'used', 'malformed']);
    assert.ok(outcomes[2] === 'forged' || outcomes[2] === 'malformed');
  });

  it('of one service do not open for another', async () => {
    await using a = await startPod('a');
    const mine = strongSession({ scopes: ['mine'] });
    const theirs = strongSession({ scopes: ['theirs'] });
    const routes = [
      buildRoute(buildForward('c', { affinity: theirs }), '/theirs'),
      buildRoute(buildForward('c', { affinity: mine })),
    ];
    await using test = await startGateway(routes, [buildCluster('c', [endpointOf(a, 'a')])], KEYS);
    const token = pairOf(cookiesOf((await get(test)).headers)[0]);
    await get(test, '/theirs', { cookie: token });
    assert.equal((await test.record(1)).decision?.token, 'other-scope');
  });

  it('follow the pod and not its address', async () => {
    await using a = await startPod('a');
    await using b = await startPod('b');
    const before = [buildCluster('c', [endpointOf(a, 'one')])];
    await using test = await startGateway([routeOf({ lostHeader: 'x-lost' })], before, KEYS);
    const token = pairOf(cookiesOf((await get(test)).headers)[0]);
    // The pod has another address, and its old one belongs to a new pod.
    await test.reload([routeOf()], [buildCluster('c', [endpointOf(a, 'two'), endpointOf(b, 'one')])]);
    assert.equal((await get(test, '/', { cookie: token })).text, 'b');
    await test.reload([routeOf({ lostHeader: 'x-lost' })], [buildCluster('c', [endpointOf(a, 'two')])]);
    const moved = await get(test, '/', { cookie: token, 'x-lost': 'spoofed' });
    assert.equal(JSON.parse(String(moved.headers['x-seen'])).lost, 'gone');
    assert.equal(cookiesOf(moved.headers).length, 1);
    const [, , record] = [0, 1, await test.record(2)];
    assert.deepEqual([record.decision?.token, record.decision?.reason], ['unknown-endpoint', 'rehomed']);
    const kept = await get(test, '/', { cookie: pairOf(cookiesOf(moved.headers)[0]), 'x-lost': 'spoofed' });
    assert.equal(JSON.parse(String(kept.headers['x-seen'])).lost, undefined);
  });

  it('fail with a status and a time where the policy says so', async () => {
    await using a = await startPod('a');
    const session = { onLost: { kind: 'fail', status: 404, retryAfterSeconds: 7 } } as const;
    await using test = await startGateway([routeOf(session)], [buildCluster('c', [endpointOf(a, 'one')])], KEYS);
    const token = pairOf(cookiesOf((await get(test)).headers)[0]);
    await test.reload([routeOf(session)], [buildCluster('c', [endpointOf(a, 'two')])]);
    const lost = await get(test, '/', { cookie: token });
    assert.deepEqual([lost.status, lost.headers['retry-after']], [404, '7']);
    assert.equal((await get(test)).status, 200);
  });

  it('may be persistent, and keep responses out of shared caches', async () => {
    await using a = await startPod('a');
    const cookie = {
      ...SESSION_COOKIE,
      name: '__Host-sid',
      persistent: true,
      partitioned: true,
      sameSite: 'None',
    } as const;
    const session = { carriers: [{ kind: 'cookie', cookie }], absoluteTimeoutMillis: 3_600_000 } as const;
    await using test = await startGateway([routeOf(session)], [buildCluster('c', [endpointOf(a, 'a')])], KEYS);
    const cached = await get(test, '/cached');
    assert.match(
      cookiesOf(cached.headers)[0] ?? '',
      /^__Host-sid=[^;]+; Max-Age=3600; Secure; Path=\/; HttpOnly; SameSite=None; Partitioned$/,
    );
    assert.equal(cached.headers['cache-control'], 'private, max-age=60');
    assert.equal((await get(test, '/stored')).headers['cache-control'], 'no-store');
  });

  it('keep responses out of shared caches whatever the route makes of their Cache-Control', async () => {
    await using a = await startPod('a');
    const clusters = [buildCluster('c', [endpointOf(a, 'a')])];
    const responseHeaders = { set: [['Cache-Control', 'public, max-age=60'] as const], add: [], remove: [] };
    const route = { ...routeOf(), responseHeaders };
    await using test = await startGateway([route], clusters, KEYS);
    for (const path of ['/', '/stored']) {
      const first = await get(test, path);
      assert.equal(first.headers['cache-control'], 'private, max-age=60');
      const next = await get(test, path, { cookie: pairOf(cookiesOf(first.headers)[0]) });
      assert.equal(next.headers['cache-control'], 'public, max-age=60');
    }
  });

  it('are Secure where the client uses https by a trusted word', async () => {
    await using a = await startPod('a');
    const clientAddress = {
      source: { kind: 'remoteAddress', trustedHops: 1, appendForwardedFor: true },
      internalCidrs: [],
      requestId: 'off',
      requestIdInResponse: false,
      scheme: null,
    } as const;
    const clusters = [buildCluster('c', [endpointOf(a, 'a')])];
    await using trusting = await startGateway([routeOf()], clusters, { ...KEYS, listener: { clientAddress } });
    await using wary = await startGateway([routeOf()], clusters, KEYS);
    const headers = { 'x-forwarded-proto': 'https' };
    assert.match(cookiesOf((await get(trusting, '/', headers)).headers)[0] ?? '', /; Secure;/);
    assert.doesNotMatch(cookiesOf((await get(wary, '/', headers)).headers)[0] ?? '', /Secure/);
  });
});

describe('strong sessions by header', () => {
  it('travel beside a cookie, and either is enough', async () => {
    await using a = await startPod('a');
    await using b = await startPod('b');
    const carriers = [
      { kind: 'header', name: 'x-session' },
      { kind: 'cookie', cookie: SESSION_COOKIE },
    ] as const;
    const clusters = [buildCluster('c', [endpointOf(a, 'a'), endpointOf(b, 'b')])];
    await using test = await startGateway([routeOf({ carriers })], clusters, KEYS);
    const first = await get(test);
    const token = String(first.headers['x-session']);
    assert.equal(pairOf(cookiesOf(first.headers)[0]), `sid=${token}`);
    for (let i = 0; i < 4; i++) {
      for (const headers of [{ 'x-session': token }, { cookie: `sid=${token}` }]) {
        const next = await get(test, '/', headers as Record<string, string>);
        assert.equal(next.text, first.text);
        assert.equal(next.headers['x-session'], undefined);
      }
    }
  });
});

describe("strong sessions in the application's own values", () => {
  const carriers = [{ kind: 'appCookie', name: 'JSESSIONID' }] as const;

  it('ride in its cookie, and the pod sees its own value', async () => {
    await using a = await startPod('a');
    await using b = await startPod('b');
    const clusters = [buildCluster('c', [endpointOf(a, 'a'), endpointOf(b, 'b')])];
    await using test = await startGateway([routeOf({ carriers })], clusters, KEYS);
    assert.deepEqual(cookiesOf((await get(test)).headers), []);
    const first = await get(test, '/set');
    const [other, own = '', last] = cookiesOf(first.headers);
    assert.deepEqual([other, last], ['other=1; Path=/x', 'last=2']);
    assert.match(own, /^JSESSIONID="1[A-Za-z0-9_-]{80,}~abc~def"; Path=\/app; HttpOnly$/);
    for (let i = 0; i < 6; i++) {
      const next = await get(test, '/', { cookie: `x=1; ${pairOf(own)};y=2` });
      assert.equal(next.text, first.text);
      assert.equal(JSON.parse(String(next.headers['x-seen'])).cookie, 'x=1; JSESSIONID="abc~def"; y=2');
      assert.deepEqual(cookiesOf(next.headers), []);
    }
    const cleared = await get(test, '/clear', { cookie: pairOf(own) });
    assert.deepEqual(cookiesOf(cleared.headers), ['JSESSIONID=; Path=/app; Max-Age=0']);
    const bare = await get(test, '/', { cookie: 'JSESSIONID=from-before' });
    assert.equal(JSON.parse(String(bare.headers['x-seen'])).cookie, 'JSESSIONID=from-before');
  });

  it('ride in a header that it issues', async () => {
    await using a = await startPod('a');
    await using b = await startPod('b');
    const session = { carriers: [{ kind: 'envelope', header: 'mcp-session-id' }] } as const;
    const clusters = [buildCluster('c', [endpointOf(a, 'a'), endpointOf(b, 'b')])];
    await using test = await startGateway([routeOf(session)], clusters, KEYS);
    const first = await get(test, '/id');
    const id = String(first.headers['mcp-session-id']);
    assert.match(id, /^1[A-Za-z0-9_-]{80,}~theirs-1$/);
    for (let i = 0; i < 6; i++) {
      const next = await get(test, '/', { 'mcp-session-id': id });
      assert.equal(next.text, first.text);
      assert.equal(JSON.parse(String(next.headers['x-seen'])).id, 'theirs-1');
    }
  });

  it('leave alone what the route adds and removes', async () => {
    await using a = await startPod('a');
    const clusters = [buildCluster('c', [endpointOf(a, 'a')])];
    const carriers = [{ kind: 'appCookie', name: 'JSESSIONID' } as const];
    const adding = { set: [], add: [['Set-Cookie', 'region=eu'] as const], remove: ['Limpet-Session'] };
    const removing = { set: [], add: [], remove: ['Set-Cookie'] };
    await using added = await startGateway([{ ...routeOf({ carriers }), responseHeaders: adding }], clusters, KEYS);
    const lines = cookiesOf((await get(added, '/set')).headers);
    assert.deepEqual(
      lines.toSorted().map((line) => line.split('=')[0]),
      ['JSESSIONID', 'last', 'other', 'region'],
    );
    const ended = await get(added, '/say/end', { cookie: pairOf(lines.find((line) => line.startsWith('JSESSIONID'))) });
    assert.equal(ended.headers['limpet-session'], undefined);
    await using removed = await startGateway([{ ...routeOf({ carriers }), responseHeaders: removing }], clusters, KEYS);
    assert.deepEqual(cookiesOf((await get(removed, '/set')).headers), []);
  });

  it('can be ended by the application', async () => {
    await using a = await startPod('a');
    await using test = await startGateway([routeOf()], [buildCluster('c', [endpointOf(a, 'a')])], KEYS);
    const token = pairOf(cookiesOf((await get(test)).headers)[0]);
    const ended = await get(test, '/say/end', { cookie: token });
    assert.deepEqual(cookiesOf(ended.headers), ['sid=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax']);
    assert.equal(ended.headers['limpet-session'], undefined);
    const released = await get(test, '/say/release', { cookie: token });
    assert.equal(cookiesOf(released.headers).length, 1);
    assert.equal(released.headers['limpet-session'], undefined);
    const [mark] = cookiesOf(released.headers);
    assert.deepEqual(cookiesOf((await get(test, '/', { cookie: pairOf(mark) })).headers), []);
  });
});

describe('a pod that can not be reached', () => {
  it('is tried twice, then the session moves to the next and is told so', async () => {
    await using a = await startPod('a');
    const port = await reservePort();
    const dead = buildEndpoint(
      { host: '127.0.0.1', port },
      { identity: { uid: 'dead', namespace: 'shop', name: 'dead' } },
    );
    await using seen = await startPod('seen');
    const clusters = [buildCluster('c', [endpointOf(seen, 'dead', { identity: dead.identity })])];
    await using test = await startGateway([routeOf()], clusters, KEYS);
    const token = pairOf(cookiesOf((await get(test)).headers)[0]);
    const route = routeOf({ lostHeader: 'x-lost' });
    await test.reload([route], [buildCluster('c', [dead, endpointOf(a, 'a')])]);
    const moved = await fetchFrom({ port: test.port, method: 'POST', body: 'x', headers: { cookie: token } });
    assert.deepEqual([moved.status, moved.text], [200, 'a']);
    assert.equal(JSON.parse(String(moved.headers['x-seen'])).lost, 'unreachable');
    assert.equal(cookiesOf(moved.headers).length, 1);
    const record = await test.record(1);
    assert.deepEqual([record.decision?.token, record.decision?.reason], ['used', 'retry']);
    const strict = routeOf({ onLost: { kind: 'fail', status: 503, retryAfterSeconds: 2 } });
    await test.reload([strict], [buildCluster('c', [dead, endpointOf(a, 'a')])]);
    const failed = await get(test, '/', { cookie: token });
    assert.deepEqual([failed.status, failed.headers['retry-after']], [503, '2']);
    for (let i = 0; i < 4; i++) assert.equal((await get(test)).text, 'a');
  });
});

describe('clients that return no token', () => {
  it('stay by their address, and agree over gateways', async () => {
    await using a = await startPod('a');
    await using b = await startPod('b');
    await using c = await startPod('c');
    const endpoints = [endpointOf(a, 'a'), endpointOf(b, 'b'), endpointOf(c, 'c')];
    const route = routeOf({ fallback: SOURCE_IP });
    await using one = await startGateway([route], [buildCluster('c', endpoints)], KEYS);
    await using two = await startGateway([route], [buildCluster('c', endpoints.toReversed())], KEYS);
    const pods = await Promise.all(Array.from({ length: 12 }, async (_, i) => (await get(i % 2 ? one : two)).text));
    assert.equal(new Set(pods).size, 1);
  });
});

describe('address tokens', () => {
  it('are honoured and exchanged while the policy accepts them', async () => {
    await using a = await startPod('a');
    await using b = await startPod('b');
    const clusters = [buildCluster('c', [endpointOf(a, 'a'), endpointOf(b, 'b')])];
    const token = { kind: 'sealed', keyRing: '', keyIds: [], acceptAddressTokens: true } as const;
    await using test = await startGateway([routeOf({ token })], clusters, KEYS);
    const old = `sid="${Buffer.from(`\n${String.fromCharCode(b.address.length)}${b.address}`).toString('base64')}"`;
    const first = await get(test, '/', { cookie: old });
    assert.equal(first.text, 'b');
    assert.match(cookiesOf(first.headers)[0] ?? '', /^sid=1/);
    assert.equal((await test.record(0)).decision?.token, 'exchanged');
  });

  it('are the policy’s own form where it says so', async () => {
    await using a = await startPod('a');
    await using test = await startGateway(
      [routeOf({ token: { kind: 'address' } })],
      [buildCluster('c', [endpointOf(a, 'a')])],
    );
    const pair = pairOf(cookiesOf((await get(test)).headers)[0]);
    assert.match(Buffer.from(pair.slice(4), 'base64').toString(), new RegExp(`${a.address}$`));
    assert.deepEqual(cookiesOf((await get(test, '/', { cookie: pair })).headers), []);
  });
});

describe('several gateways with the same keys', () => {
  it('open each other’s tokens, and old ones after a rotation', async () => {
    await using a = await startPod('a');
    await using b = await startPod('b');
    const clusters = [buildCluster('c', [endpointOf(a, 'a'), endpointOf(b, 'b')])];
    await using one = await startGateway([routeOf()], clusters, { sessionKeys: testKeyText(1) });
    await using two = await startGateway([routeOf()], clusters, { sessionKeys: testKeyText(1, 2) });
    await using strange = await startGateway([routeOf()], clusters, { sessionKeys: testKeyText(3) });
    const first = await get(one);
    const old = pairOf(cookiesOf(first.headers)[0]);
    const rotated = await get(two, '/', { cookie: old });
    assert.equal(rotated.text, first.text);
    const fresh = pairOf(cookiesOf(rotated.headers)[0]);
    assert.notEqual(fresh, '');
    assert.deepEqual(cookiesOf((await get(two, '/', { cookie: fresh })).headers), []);
    await get(one, '/', { cookie: fresh });
    assert.equal((await one.record(1)).decision?.token, 'retired-key');
    one.gateway.useKeyRings(new Map([['', testKeyText(1, 2)]]));
    assert.equal((await get(one, '/', { cookie: fresh })).text, first.text);
    await get(strange, '/', { cookie: fresh });
    assert.equal((await strange.record(0)).decision?.token, 'retired-key');
  });
});
