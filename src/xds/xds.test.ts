import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  buildCluster,
  buildEndpoint,
  buildForward,
  buildListener,
  buildRoute,
  NO_RETRIES,
} from '../../test/support/model-builder.ts';
import { DiagnosticSink } from '../diagnostics/sink.ts';
import type { Cluster } from '../model/cluster.ts';
import type { ForwardAction, PathRewrite, Route } from '../model/route.ts';
import type { Message } from './proto-json.ts';
import { toXds } from './xds.ts';

interface Emitted {
  readonly routes: readonly [{ readonly virtualHosts: readonly [{ readonly routes: readonly Message[] }] }];
  readonly clusters: readonly Message[];
  readonly endpoints: readonly Message[];
}

function emit(routes: readonly Route[], clusters: readonly Cluster[] = []): Emitted & { readonly remarks: string[] } {
  const sink = new DiagnosticSink();
  const resources = toXds({ listeners: [buildListener(routes)], clusters }, sink);
  return {
    ...(resources as unknown as Emitted),
    remarks: sink.sorted().map(({ code, message }) => `${code}: ${message}`),
  };
}

function emitRoute(route: Route): Message {
  const [{ virtualHosts }] = emit([route]).routes;
  return virtualHosts[0].routes[0] as Message;
}

function emitAction(overrides: Partial<ForwardAction>): Message {
  return emitRoute(buildRoute(buildForward('pods', overrides)))['route'] as Message;
}

function emitCluster(overrides: Partial<Cluster>): Message {
  const endpoint = buildEndpoint({ host: '10.0.0.1', port: 80 });
  return emit([], [buildCluster('pods', [endpoint], overrides)]).clusters[0] as Message;
}

const COOKIE = { name: 'sid', ttlMillis: 0, path: '/', attributes: [{ name: 'SameSite', value: 'Lax' }] };
const TERMINAL = { terminal: false };

describe('routes', () => {
  it('have every hash policy, with what makes a cookie passive or generated', () => {
    const { hashPolicy } = emitAction({
      affinity: {
        kind: 'hash',
        policies: [
          { kind: 'header', name: 'x-user', rewrite: { pattern: 'a+', substitution: 'b' }, terminal: true },
          { kind: 'cookie', cookie: COOKIE, ...TERMINAL },
          { kind: 'cookie', cookie: { name: 'app', ttlMillis: null, path: '', attributes: [] }, ...TERMINAL },
          { kind: 'query', name: 'user', ...TERMINAL },
          { kind: 'sourceIp', ...TERMINAL },
          { kind: 'filterState', key: 'k', ...TERMINAL },
        ],
      },
    });
    const regexRewrite = { pattern: { regex: 'a+' }, substitution: 'b' };
    assert.deepEqual(hashPolicy, [
      { header: { headerName: 'x-user', regexRewrite }, terminal: true },
      { cookie: { name: 'sid', path: '/', ttl: '0s', attributes: [{ name: 'SameSite', value: 'Lax' }] } },
      { cookie: { name: 'app' } },
      { queryParameter: { name: 'user' } },
      { connectionProperties: { sourceIp: true } },
      { filterState: { key: 'k' } },
    ]);
  });

  it('tell the session filter where the session travels', () => {
    const session = { token: { kind: 'address' }, onLost: { kind: 'rehome' } } as const;
    const stateOf = (carrier: Parameters<typeof withCarrier>[0]): unknown => withCarrier(carrier)['sessionState'];
    const withCarrier = (
      carrier:
        | { kind: 'cookie'; cookie: typeof COOKIE }
        | { kind: 'header'; name: string }
        | { kind: 'envelope'; header: string },
    ): Message => {
      const affinity = { kind: 'session', session: { ...session, carriers: [carrier] }, fallback: [] } as const;
      const { typedPerFilterConfig } = emitRoute(buildRoute(buildForward('pods', { affinity })));
      const config = (typedPerFilterConfig as Message)['envoy.filters.http.stateful_session'] as Message;
      return config['statefulSession'] as Message;
    };
    const types = 'type.googleapis.com/envoy.extensions.http.stateful_session';
    assert.deepEqual(stateOf({ kind: 'cookie', cookie: { ...COOKIE, attributes: [] } }), {
      name: 'envoy.http.stateful_session.cookie',
      typedConfig: { '@type': `${types}.cookie.v3.CookieBasedSessionState`, cookie: { name: 'sid', path: '/' } },
    });
    assert.deepEqual(stateOf({ kind: 'header', name: 'x-session' }), {
      name: 'envoy.http.stateful_session.header',
      typedConfig: { '@type': `${types}.header.v3.HeaderBasedSessionState`, name: 'x-session' },
    });
    assert.deepEqual(stateOf({ kind: 'envelope', header: 'mcp-session-id' }), {
      name: 'envoy.http.stateful_session.envelope',
      typedConfig: { '@type': `${types}.envelope.v3.EnvelopeSessionState`, header: { name: 'mcp-session-id' } },
    });
  });

  it('say what a lost session costs, as far as Envoy can', () => {
    const session = {
      carriers: [
        { kind: 'header', name: 'a' },
        { kind: 'header', name: 'b' },
      ],
      token: { kind: 'address' },
      onLost: { kind: 'fail', unknownStatus: 404, refusedStatus: 410 },
    } as const;
    const { routes, remarks } = emit([
      buildRoute(buildForward('pods', { affinity: { kind: 'session', session, fallback: [] } })),
    ]);
    assert.match(JSON.stringify(routes), /"strict":true,"statusOnStrictDestinationNotFound":404/);
    assert.deepEqual(remarks, [
      'inexpressible: Envoy answers 503 where an endpoint that is there may not serve its session',
      'inexpressible: Envoy looks for a session in one place only: the first carrier is converted, the others are left out',
    ]);
  });

  const rewrites: readonly (readonly [string, PathRewrite, unknown])[] = [
    ['/a', { kind: 'prefix', value: '/b' }, { prefixRewrite: '/b' }],
    ['/a', { kind: 'prefix', value: '/' }, { regexRewrite: { pattern: { regex: '^/a/*' }, substitution: '/' } }],
    [
      '/a.b',
      { kind: 'prefix', value: '/c\\/' },
      { regexRewrite: { pattern: { regex: '^/a\\.b(/|$)' }, substitution: '/c\\\\\\1' } },
    ],
    ['/a', { kind: 'full', value: '/x' }, { regexRewrite: { pattern: { regex: '^/.*$' }, substitution: '/x' } }],
  ];
  for (const [path, pathRewrite, expected] of rewrites) {
    it(`replace ${path} by whole segments: ${JSON.stringify(pathRewrite)}`, () => {
      const match = {
        path: { kind: 'segmentPrefix', value: path, ignoreCase: false },
        headers: [],
        query: [],
      } as const;
      const route = emitRoute(buildRoute(buildForward('pods', { pathRewrite }), '/', { match }));
      const { prefixRewrite, regexRewrite } = route['route'] as Message;
      assert.deepEqual(JSON.parse(JSON.stringify({ prefixRewrite, regexRewrite })), expected);
      assert.deepEqual(route['match'], { pathSeparatedPrefix: path });
    });
  }

  it('answer for backends that are not there as the action says', () => {
    assert.deepEqual(emitRoute(buildRoute(buildForward('', { targets: [], emptyStatus: 500 })))['directResponse'], {
      status: 500,
    });
    const [target] = buildForward('pods').targets;
    assert.ok(target !== undefined);
    const idle = buildForward('pods', { targets: [{ ...target, weight: 0 }], emptyStatus: 500 });
    assert.deepEqual(emitRoute(buildRoute(idle))['directResponse'], { status: 500 });
    assert.equal(
      emitAction({ ...buildForward(''), emptyStatus: 500 })['clusterNotFoundResponseCode'],
      'INTERNAL_SERVER_ERROR',
    );
  });

  it('leave out what Envoy never draws', () => {
    const [target] = buildForward('pods').targets;
    assert.ok(target !== undefined);
    const split = [
      { ...target, cluster: 'a', weight: 3 },
      { ...target, cluster: 'b', weight: 0 },
      { ...target, cluster: 'c', weight: 1 },
    ];
    const { weightedClusters } = emitAction(buildForward('pods', { targets: split }));
    assert.deepEqual(JSON.parse(JSON.stringify(weightedClusters)), {
      clusters: [
        { name: 'a', weight: 3 },
        { name: 'c', weight: 1 },
      ],
    });
  });

  it('have no time limit, no retry back-off and no host predicate unless asked for', () => {
    const retry = {
      ...NO_RETRIES,
      on: ['5xx', 'reset'],
      retries: 3,
      backoffBaseMillis: 25,
      backoffMaxMillis: 250,
    } as const;
    const { timeout, maxGrpcTimeout, retryPolicy } = emitAction({ retry });
    assert.deepEqual([timeout, maxGrpcTimeout], ['0s', '0s']);
    assert.deepEqual(retryPolicy, { retryOn: '5xx,reset', numRetries: 3, hostSelectionRetryMaxAttempts: '1' });
  });

  it('double the percent signs of header values, which Envoy would take for commands', () => {
    const requestHeaders = { set: [['x-a', '100%']], add: [['x-b', '1']], remove: ['x-c'] } as const;
    const route = emitRoute(buildRoute({ kind: 'respond', status: 200, body: 'h\xc3\xa9' }, '/', { requestHeaders }));
    assert.deepEqual(route['requestHeadersToAdd'], [
      { header: { key: 'x-a', value: '100%%' }, appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' },
      { header: { key: 'x-b', value: '1' } },
    ]);
    assert.deepEqual(route['requestHeadersToRemove'], ['x-c']);
    assert.deepEqual(route['directResponse'], { status: 200, body: { inlineString: 'h\u00e9' } });
  });
});

describe('clusters', () => {
  it('say every balancer with its sizes', () => {
    const hashing = { useHostname: true, balanceFactorPercent: 125, policies: [] };
    const ring = emitCluster({
      balancer: { kind: 'ringHash', minimumSize: 512, maximumSize: 4096, hashFunction: 'murmurHash2', hashing },
    });
    assert.equal(ring['lbPolicy'], 'RING_HASH');
    assert.deepEqual(ring['ringHashLbConfig'], {
      minimumRingSize: '512',
      maximumRingSize: '4096',
      hashFunction: 'MURMUR_HASH_2',
    });
    assert.deepEqual(ring['commonLbConfig'], {
      consistentHashingLbConfig: { useHostnameForHashing: true, hashBalanceFactor: 125 },
    });
    assert.deepEqual(emitCluster({ balancer: { kind: 'maglev', tableSize: 251, hashing } })['maglevLbConfig'], {
      tableSize: '251',
    });
  });

  it('use the typed policy where a cluster has hash policies of its own', () => {
    const policies = [{ kind: 'query', name: 'u', terminal: false }] as const;
    const hashing = { useHostname: false, balanceFactorPercent: null, policies };
    const cluster = emitCluster({ balancer: { kind: 'maglev', tableSize: 251, hashing } });
    assert.equal(cluster['lbPolicy'], undefined);
    assert.match(
      JSON.stringify(cluster['loadBalancingPolicy']),
      /maglev\.v3\.Maglev.*"hashPolicy":\[\{"queryParameter"/,
    );
  });

  it('hand endpoints of weight 0 over as draining ones that keep their sessions', () => {
    const endpoints = [
      buildEndpoint({ host: '10.0.0.1', port: 80 }, { weight: 0 }),
      buildEndpoint({ host: '10.0.0.2', port: 80 }),
    ];
    const { clusters, endpoints: assignments } = emit([], [buildCluster('pods', endpoints)]);
    assert.match(JSON.stringify(clusters[0]), /"statuses":\["UNKNOWN","HEALTHY","DEGRADED","DRAINING"\]/);
    assert.match(JSON.stringify(assignments[0]), /"10\.0\.0\.1","portValue":80\}\}\},"healthStatus":"DRAINING"\}/);
  });

  it('name labels of endpoints only where subsets select by them', () => {
    const endpoints = [
      buildEndpoint({ host: '10.0.0.1', port: 80 }, { labels: { version: 'v1', app: 'a' }, hashKey: 'pod-1' }),
    ];
    const subsets = { selectors: [['version']], fallback: 'any' } as const;
    const metadata = (overrides: Partial<Cluster>): string =>
      JSON.stringify(emit([], [buildCluster('pods', endpoints, overrides)]).endpoints);
    assert.match(metadata({ subsets }), /"envoy.lb":\{"version":"v1","hash_key":"pod-1"\}/);
    assert.match(metadata({}), /"envoy.lb":\{"hash_key":"pod-1"\}/);
    assert.deepEqual(emitCluster({ subsets })['lbSubsetConfig'], {
      fallbackPolicy: 'ANY_ENDPOINT',
      subsetSelectors: [{ keys: ['version'] }],
    });
  });

  it('never eject by success rate', () => {
    const outlierDetection = {
      consecutive5xx: 5,
      enforcing5xxPercent: 100,
      consecutiveGatewayErrors: 5,
      enforcingGatewayErrorsPercent: 0,
      consecutiveLocalFailures: 5,
      enforcingLocalFailuresPercent: 100,
      splitLocalOrigin: true,
      intervalMillis: 1500,
      baseEjectionMillis: 30_000,
      maxEjectionMillis: 300_000,
      maxEjectionPercent: 10,
    };
    const emitted = emitCluster({ outlierDetection })['outlierDetection'] as Message;
    assert.equal(emitted['interval'], '1.500s');
    assert.deepEqual(
      [
        emitted['enforcingSuccessRate'],
        emitted['enforcingFailurePercentage'],
        emitted['enforcingLocalOriginSuccessRate'],
      ],
      [0, 0, 0],
    );
  });
});
