import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  buildCluster,
  buildEndpoint,
  buildForward,
  buildListener,
  buildRoute,
} from '../../test/support/model-builder.ts';
import { type Cluster, PLAIN_HTTP1 } from '../model/cluster.ts';
import type { FilterChain, Listener } from '../model/listener.ts';
import type { ClientTls, ServerTls } from '../model/tls.ts';
import { findUnserved, servedPart } from './unserved.ts';

const NO_PARAMETERS = { minVersion: null, maxVersion: null, cipherSuites: [], ecdhCurves: [], alpn: [] };
const SERVER_TLS: ServerTls = { ...NO_PARAMETERS, credentials: [], clients: null };
const CLIENT_TLS: ClientTls = { ...NO_PARAMETERS, sni: '', sniFromHost: true, credential: null, verify: null };

function listenerWith(...changes: Partial<FilterChain>[]): Listener {
  const listener = buildListener([buildRoute(buildForward('c'))]);
  const [chain] = listener.chains;
  assert.ok(chain);
  return { ...listener, chains: changes.map((change) => ({ ...chain, ...change })) };
}

function clusterWith(protocol: Partial<Cluster['protocol']>, overrides: Partial<Cluster> = {}): Cluster {
  const endpoint = buildEndpoint({ host: '127.0.0.1', port: 1 });
  return buildCluster('c', [endpoint], { protocol: { ...PLAIN_HTTP1, ...protocol }, ...overrides });
}

function found(listeners: readonly Listener[], clusters: readonly Cluster[]): string[] {
  return findUnserved({ listeners, clusters }).map(({ severity, message }) => `${severity}: ${message}`);
}

describe('findUnserved', () => {
  it('says nothing of plain HTTP/1.1', () => {
    assert.deepEqual(found([listenerWith({})], [clusterWith({})]), []);
  });

  it('warns of TLS and of bytes beside a server that is served', () => {
    const tcp: FilterChain['proxy'] = {
      kind: 'tcp',
      targets: [],
      hashSourceIp: false,
      idleTimeoutMillis: null,
      maxDurationMillis: null,
    };
    assert.deepEqual(found([listenerWith({}, { tls: SERVER_TLS }), listenerWith({ proxy: tcp })], []), [
      'warning: the embedded gateway does not serve TLS yet',
      'warning: the embedded gateway does not serve connections that are no HTTP yet',
    ]);
  });

  it('warns of endpoints that can not be spoken to', () => {
    const message = (what: string) =>
      `warning: the embedded gateway does not speak ${what} to endpoints yet, so requests to them are answered 503 (cluster c)`;
    assert.deepEqual(found([], [clusterWith({ tls: CLIENT_TLS, http: 'http2' })]), [message('TLS')]);
    assert.deepEqual(found([], [clusterWith({ proxyHeader: 'v1' })]), [message('the PROXY protocol')]);
    const passthrough = clusterWith({}, { discovery: { kind: 'originalDestination' } });
    assert.deepEqual(found([], [passthrough]), [message('PASSTHROUGH')]);
  });

  it('warns of HTTP/2 to endpoints', () => {
    const message = 'warning: the embedded gateway speaks HTTP/1.1 where HTTP/2 is asked for (cluster c)';
    assert.deepEqual(found([], [clusterWith({ http: 'http2' })]), [message]);
    assert.deepEqual(found([], [clusterWith({ http: 'sameAsClient' })]), []);
  });

  it('warns of what only shapes connections', () => {
    const keepalive = { probes: 1, idleMillis: null, intervalMillis: null };
    assert.deepEqual(found([], [clusterWith({ keepalive, maxDurationMillis: 1 })]), [
      'warning: the embedded gateway has no limit on the age of connections (cluster c)',
      'warning: the embedded gateway leaves keep-alive probes to the system (cluster c)',
    ]);
  });
});

describe('servedPart', () => {
  it('keeps no endpoint of a cluster that asks for TLS, so that nothing goes out in plain text', () => {
    assert.deepEqual(servedPart(clusterWith({ tls: CLIENT_TLS })).groups, []);
  });

  it('keeps all others as they are', () => {
    const cluster = clusterWith({ http: 'http2' });
    assert.equal(servedPart(cluster), cluster);
  });
});
