import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { DiagnosticSink } from '../../src/diagnostics/sink.ts';
import type { HashPolicy, SessionCarrier } from '../../src/model/affinity.ts';
import { NO_LOCALITY, PLAIN_HTTP1 } from '../../src/model/cluster.ts';
import type { Model } from '../../src/model/model.ts';
import type { ForwardAction, Route } from '../../src/model/route.ts';
import { RETRY_CONDITIONS } from '../../src/model/route.ts';
import { toBootstrap } from '../../src/xds/bootstrap.ts';
import {
  buildCluster,
  buildEndpoint,
  buildForward,
  buildListener,
  buildRoute,
  NO_RETRIES,
} from '../support/model-builder.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { findTool, skipUnless } from '../support/tools.ts';

const COOKIE = { name: 'sid', ttlMillis: 60_500, path: '/', attributes: [{ name: 'SameSite', value: 'Lax' }] };
const POLICIES: readonly HashPolicy[] = [
  { kind: 'header', name: 'x-user', rewrite: { pattern: '^(a+)', substitution: '\\1' }, terminal: true },
  { kind: 'cookie', cookie: COOKIE, terminal: false },
  { kind: 'cookie', cookie: { ...COOKIE, ttlMillis: null }, terminal: false },
  { kind: 'query', name: 'user', terminal: false },
  { kind: 'sourceIp', terminal: false },
  { kind: 'filterState', key: 'k', terminal: false },
];
const CARRIERS: readonly SessionCarrier[] = [
  { kind: 'cookie', cookie: COOKIE },
  { kind: 'header', name: 'x-session' },
  { kind: 'envelope', header: 'mcp-session-id' },
];

function session(carrier: SessionCarrier): ForwardAction['affinity'] {
  const onLost = { kind: 'fail', unknownStatus: 404, refusedStatus: 503 } as const;
  return { kind: 'session', session: { carriers: [carrier], token: { kind: 'address' }, onLost }, fallback: POLICIES };
}

function routes(): Route[] {
  const segments = { path: { kind: 'segmentPrefix', value: '/seg', ignoreCase: true }, query: [] } as const;
  const text = { kind: 'contains', value: 'a', ignoreCase: true } as const;
  const target = { cluster: 'ring', weight: 1, subset: { version: 'v1' }, hostRewrite: 'a.example' } as const;
  const ops = { set: [['x-a', '100%']], add: [['x-b', '1']], remove: ['x-c'] } as const;
  return [
    ...CARRIERS.map((carrier, index) =>
      buildRoute(buildForward('ring', { affinity: session(carrier) }), `/session-${index}`),
    ),
    buildRoute(buildForward('ring', { affinity: { kind: 'hash', policies: POLICIES } }), '/hash'),
    buildRoute(
      buildForward('ring', {
        targets: [
          { ...target, requestHeaders: ops, responseHeaders: ops },
          { ...target, cluster: '', hostRewrite: null, requestHeaders: ops, responseHeaders: ops },
        ],
        targetByHash: true,
        emptyStatus: 500,
        affinity: { kind: 'hash', policies: POLICIES },
        pathRewrite: { kind: 'regex', pattern: '^/s(.*)', substitution: '/\\1' },
        retry: {
          ...NO_RETRIES,
          on: RETRY_CONDITIONS,
          retries: 2,
          statusCodes: [503],
          avoidPreviousHosts: true,
          avoidPreviousPriorities: true,
          perTryTimeoutMillis: 250,
        },
        mirrors: [{ cluster: 'ring', percent: 12.5 }],
        cors: {
          allowOrigins: [{ kind: 'present' }, text],
          allowMethods: ['GET'],
          allowHeaders: ['a'],
          exposeHeaders: ['b'],
          maxAge: '60',
          allowCredentials: true,
          forwardNotMatchingPreflights: false,
        },
        fault: { delay: { millis: 1, percent: 0.0001 }, abort: { status: 200, grpcStatus: 14, percent: 100 } },
        idleTimeoutMillis: 5000,
      }),
      '/split',
    ),
    buildRoute(buildForward('ring', { pathRewrite: { kind: 'prefix', value: '/' } }), '/', {
      match: {
        ...segments,
        headers: [
          { name: 'x-a', match: text, invert: true, missingAsEmpty: true },
          { name: ':method', match: { kind: 'regex', pattern: 'GET|HEAD' }, invert: false, missingAsEmpty: false },
          // Larger than Envoy takes by itself.
          { name: 'x-c', match: { kind: 'regex', pattern: '[a-f]{300}' }, invert: true, missingAsEmpty: false },
          { name: 'x-b', match: { kind: 'present' }, invert: false, missingAsEmpty: false },
        ],
      },
    }),
    buildRoute(buildForward('', { targets: [], emptyStatus: 500 }), '/none'),
    buildRoute(
      {
        kind: 'redirect',
        status: 307,
        scheme: 'https',
        host: 'a.example',
        port: 8443,
        path: { kind: 'full', value: '/x?y=1' },
      },
      '/redirect',
    ),
    buildRoute({ kind: 'respond', status: 503, body: '\xff\x00' }, '/respond'),
  ];
}

function model(): Model {
  const labels = { version: 'v1' };
  const endpoints = [
    buildEndpoint({ host: '127.0.0.1', port: 1 }, { labels, hashKey: 'pod-1', hostname: 'pod-1.example' }),
    buildEndpoint({ host: '127.0.0.2', port: 1 }, { weight: 0 }),
    buildEndpoint({ host: '127.0.0.3', port: 1 }, { health: 'degraded', weight: 7 }),
  ];
  const hashing = { useHostname: true, balanceFactorPercent: 150, policies: [] };
  const locality = { region: 'eu', zone: 'eu-1', subZone: 'a' };
  return {
    listeners: [buildListener(routes(), { proxyProtocol: true, serverHeader: null })],
    clusters: [
      buildCluster('ring', endpoints, {
        balancer: { kind: 'ringHash', minimumSize: 64, maximumSize: 512, hashFunction: 'murmurHash2', hashing },
        subsets: { selectors: [['version']], fallback: 'any' },
        retryBudget: { percent: 20, minConcurrency: 3 },
        healthChecks: [
          {
            probe: { kind: 'http', path: '/ok', host: '', expectedStatuses: [[200, 299]] },
            timeoutMillis: 500,
            intervalMillis: 60_000,
            unhealthyThreshold: 3,
            healthyThreshold: 1,
          },
          {
            probe: { kind: 'tcp' },
            timeoutMillis: 500,
            intervalMillis: 60_000,
            unhealthyThreshold: 3,
            healthyThreshold: 1,
          },
        ],
        outlierDetection: {
          consecutive5xx: 3,
          enforcing5xxPercent: 100,
          consecutiveGatewayErrors: 5,
          enforcingGatewayErrorsPercent: 100,
          consecutiveLocalFailures: 5,
          enforcingLocalFailuresPercent: 100,
          splitLocalOrigin: true,
          intervalMillis: 1500,
          baseEjectionMillis: 30_000,
          maxEjectionMillis: 60_000,
          maxEjectionPercent: 50,
        },
      }),
      buildCluster('own-policies', endpoints, {
        balancer: { kind: 'maglev', tableSize: 251, hashing: { ...hashing, policies: POLICIES } },
        groups: [
          { locality, priority: 0, weight: 3, endpoints },
          { locality: NO_LOCALITY, priority: 1, weight: null, endpoints: [] },
        ],
        health: {
          overprovisioningPercent: 200,
          weightedPriorityHealth: true,
          panicThresholdPercent: 0,
          localityWeighted: true,
          sessionHealth: ['healthy', 'draining', 'unknown', 'degraded'],
        },
      }),
      buildCluster('slow', endpoints, {
        balancer: {
          kind: 'leastRequest',
          choiceCount: 3,
          slowStart: { windowMillis: 30_000, aggression: 1.5, minWeightPercent: 10 },
        },
        protocol: {
          ...PLAIN_HTTP1,
          http: 'sameAsClient',
          proxyHeader: 'v2',
          keepalive: { probes: 3, idleMillis: 60_000, intervalMillis: null },
          maxDurationMillis: 60_000,
        },
        maxRequestsPerConnection: 10,
      }),
      buildCluster('names', [buildEndpoint({ host: 'localhost', port: 80 })], {
        discovery: { kind: 'dns', everyAddress: true, refreshMillis: 60_000 },
        protocol: {
          ...PLAIN_HTTP1,
          http: 'http2',
          maxConcurrentStreams: 100,
          tls: {
            minVersion: null,
            maxVersion: null,
            cipherSuites: [],
            ecdhCurves: [],
            alpn: ['h2'],
            sni: '',
            sniFromHost: true,
            credential: null,
            verify: null,
          },
        },
      }),
      buildCluster('passthrough', [], { discovery: { kind: 'originalDestination' } }),
    ],
  };
}

/** Istio's way to say these has newer forms; all other fields are ones that Envoy means to keep. */
const OLDER_FIELDS =
  /'envoy\.config\.(?:cluster\.v3\.Cluster\.(?:dns_|respect_dns_ttl)|route\.v3\.RouteAction\.max_grpc_timeout)/;

describe('a bootstrap', () => {
  it('is one that Envoy takes, with everything in it that a model can say', { skip: skipUnless('envoy') }, () => {
    using folder = createTempDir();
    const options = { ports: new Map([[80, 0]]), bind: '127.0.0.1', adminPort: 0, secretsFolder: null };
    const file = folder.write('envoy.json', JSON.stringify(toBootstrap(model(), options, new DiagnosticSink())));
    const args = ['--mode', 'validate', '-c', file, '--use-dynamic-base-id'];
    const { status, stderr } = spawnSync(findTool('envoy') ?? '', args, { encoding: 'utf8', timeout: 30_000 });
    assert.equal(status, 0, stderr);
    const remarks = stderr.split('\n').filter((line) => /\[(?:warning|error|critical)\]/.test(line));
    assert.deepEqual(
      remarks.filter((line) => !OLDER_FIELDS.test(line)),
      [],
    );
  });
});
