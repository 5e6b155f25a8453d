import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { turnEventLoop } from '../../test/support/event-loop.ts';
import { startGateway, type TestGateway } from '../../test/support/gateway.ts';
import { fetchFrom, RawClient } from '../../test/support/http-client.ts';
import { startHttpServer, type TestServer } from '../../test/support/http-server.ts';
import {
  buildCluster,
  buildEndpoint,
  buildForward,
  buildListener,
  buildRoute,
  buildSnapshot,
} from '../../test/support/model-builder.ts';
import type { ClientAddressSource } from '../model/listener.ts';
import { type FrontProxies, NO_FRONT_PROXIES, withFrontProxies } from './front-proxies.ts';

const RING = {
  kind: 'ringHash',
  minimumSize: 1024,
  maximumSize: 8_388_608,
  hashFunction: 'xxHash',
  hashing: { useHostname: false, balanceFactorPercent: null, policies: [] },
} as const;

const REQUEST = 'GET / HTTP/1.1\r\nhost: a\r\n\r\n';
const V1 = 'PROXY TCP4 192.0.2.7 198.51.100.2 56324 443\r\n';

/** A pod that answers with the x-forwarded-for it got. */
function startEchoPod(host = '127.0.0.1'): Promise<TestServer> {
  return startHttpServer((request, response) => response.end(`for ${request.headers['x-forwarded-for']};`), host);
}

function startBehindProxy(pods: readonly TestServer[]): Promise<TestGateway> {
  const affinity = { kind: 'hash', policies: [{ kind: 'sourceIp', terminal: false }] } as const;
  const endpoints = pods.map((pod) => buildEndpoint(pod));
  return startGateway(
    [buildRoute(buildForward('c', { affinity }))],
    [buildCluster('c', endpoints, { balancer: RING })],
    {
      listener: { proxyProtocol: true },
    },
  );
}

describe('a listener with PROXY protocol', () => {
  it('takes the client from the header, split anywhere, for x-forwarded-for and the log', async () => {
    await using pod = await startEchoPod();
    await using test = await startBehindProxy([pod]);
    const bytes = V1 + REQUEST;
    for (const cut of [0, 1, 20, V1.length - 1, V1.length, V1.length + 1]) {
      using client = await RawClient.connect(test.port);
      client.write(bytes.slice(0, cut));
      await turnEventLoop(3);
      client.write(bytes.slice(cut));
      await client.waitFor(/for 192\.0\.2\.7;/);
    }
    assert.ok(test.records.every((record) => record.downstreamRemoteAddress === '192.0.2.7:56324'));
  });

  it('serves all requests of a connection as that client’s', async () => {
    await using pod = await startEchoPod();
    await using test = await startBehindProxy([pod]);
    using client = await RawClient.connect(test.port);
    client.write(V1 + REQUEST.repeat(3));
    await client.waitFor(/(for 192\.0\.2\.7;[\s\S]*){3}/);
  });

  it('keeps the connection’s own addresses where the proxy has none to tell', async () => {
    await using pod = await startEchoPod();
    await using test = await startBehindProxy([pod]);
    for (const header of ['PROXY UNKNOWN\r\n', '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0']) {
      using client = await RawClient.connect(test.port);
      client.write(header + REQUEST);
      await client.waitFor(/for 127\.0\.0\.1;/);
    }
  });

  it('hashes the source address from the header', async () => {
    await using pods = new AsyncDisposableStack();
    const servers: TestServer[] = [];
    for (let i = 0; i < 3; i++) servers.push(pods.use(await startEchoPod()));
    await using test = await startBehindProxy(servers);
    const podsByClient = new Map<string, Set<string>>();
    for (let i = 0; i < 60; i++) {
      const ip = `10.0.0.${i % 20}`;
      using client = await RawClient.connect(test.port);
      client.write(`PROXY TCP4 ${ip} 10.1.1.1 ${1_000 + i} 80\r\n${REQUEST}`);
      await client.waitFor(/for /);
      const chosen = test.records.at(-1)?.decision?.chosen ?? '';
      podsByClient.set(ip, (podsByClient.get(ip) ?? new Set()).add(chosen));
    }
    assert.ok([...podsByClient.values()].every((chosen) => chosen.size === 1));
    assert.equal(new Set([...podsByClient.values()].flatMap((chosen) => [...chosen])).size, 3);
  });

  it('resets a connection without a header, and counts it', async () => {
    await using pod = await startEchoPod();
    await using test = await startBehindProxy([pod]);
    await assert.rejects(fetchFrom({ port: test.port }));
    const stats = test.gateway.gatewayListeners[0]?.stats;
    assert.equal(stats?.refusedProxyHeaders, 1);
    assert.equal(pod.connectionCount(), 0);
    while (stats?.activeConnections !== 0) await turnEventLoop(1);
  });

  it('closes a connection whose header does not come to its end in time', async () => {
    await using test = await startGateway([], [], {
      limits: { headTimeoutMillis: 50 },
      listener: { proxyProtocol: true },
    });
    using client = await RawClient.connect(test.port);
    client.write('PROXY TCP4 192');
    assert.equal(await client.waitForEnd(), '');
  });
});

describe('withFrontProxies', () => {
  function sourceAfter(source: ClientAddressSource, proxies: Partial<FrontProxies>): ClientAddressSource | undefined {
    const { clientAddress } = buildListener([]);
    const listener = buildListener([], { clientAddress: { ...clientAddress, source } });
    const snapshot = buildSnapshot({ listeners: [listener], clusters: [] });
    return withFrontProxies(snapshot, { ...NO_FRONT_PROXIES, ...proxies }).model.listeners[0]?.clientAddress.source;
  }

  it('replaces the number of hops where there is one', () => {
    const edge: ClientAddressSource = { kind: 'remoteAddress', trustedHops: 0, appendForwardedFor: true };
    assert.deepEqual(sourceAfter(edge, { trustedHops: 2 }), { ...edge, trustedHops: 2 });
    assert.deepEqual(sourceAfter({ kind: 'forwardedFor', trustedHops: 3 }, { trustedHops: 0 }), {
      kind: 'forwardedFor',
      trustedHops: 0,
    });
    const detect = { kind: 'detectForwardedFor', trust: { hops: 1 }, appendForwardedFor: false } as const;
    assert.deepEqual(sourceAfter(detect, { trustedHops: 4 }), { ...detect, trust: { hops: 4 } });
  });

  it('leaves what has no number of hops, and everything where nothing is asked', () => {
    const ranges: ClientAddressSource = {
      kind: 'detectForwardedFor',
      trust: { cidrs: [{ address: '10.0.0.0', prefixLength: 8 }] },
      appendForwardedFor: true,
    };
    const header: ClientAddressSource = { kind: 'detectHeader', name: 'x-real-ip' };
    assert.equal(sourceAfter(ranges, { trustedHops: 1 }), ranges);
    assert.equal(sourceAfter(header, { trustedHops: 1 }), header);
    const snapshot = buildSnapshot({ listeners: [buildListener([])], clusters: [] });
    assert.equal(withFrontProxies(snapshot, NO_FRONT_PROXIES), snapshot);
  });

  it('switches PROXY protocol on, and never off', () => {
    const listeners = [buildListener([]), buildListener([], { proxyProtocol: true })];
    const snapshot = buildSnapshot({ listeners, clusters: [] });
    const after = (proxyProtocol: boolean) =>
      withFrontProxies(snapshot, { proxyProtocol, trustedHops: 0 }).model.listeners.map((each) => each.proxyProtocol);
    assert.deepEqual(after(true), [true, true]);
    assert.deepEqual(after(false), [false, true]);
  });
});
