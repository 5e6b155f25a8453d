import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { describe, it } from 'node:test';
import type { OutlierDetection } from '../../src/model/cluster.ts';
import { RETRY_CONDITIONS, type RetryCondition } from '../../src/model/route.ts';
import { startEnvoy } from '../support/envoy.ts';
import { startGateway } from '../support/gateway.ts';
import { fetchFrom } from '../support/http-client.ts';
import { reservePort, startRawServer, type TestServer } from '../support/http-server.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute, NO_RETRIES } from '../support/model-builder.ts';
import { skipUnless } from '../support/tools.ts';

/** What a pod does, by the last part of the path. */
const BEHAVIOURS: { readonly [name: string]: (socket: Socket) => void } = {
  ok: (socket) => answer(socket, 200),
  conflict: (socket) => answer(socket, 409),
  teapot: (socket) => answer(socket, 418),
  error: (socket) => answer(socket, 500),
  'bad-gateway': (socket) => answer(socket, 502),
  unavailable: (socket) => answer(socket, 503),
  limited: (socket) => answer(socket, 503, 'x-envoy-ratelimited: true\r\n'),
  overloaded: (socket) => answer(socket, 503, 'x-envoy-overloaded: true\r\n'),
  'grpc-unavailable': (socket) => answer(socket, 200, 'grpc-status: 14\r\n'),
  'grpc-deadline': (socket) => answer(socket, 200, 'grpc-status: 4\r\n'),
  'grpc-exhausted': (socket) => answer(socket, 200, 'grpc-status: 8\r\n'),
  'grpc-internal': (socket) => answer(socket, 200, 'grpc-status: 13\r\n'),
  'grpc-cancelled': (socket) => answer(socket, 200, 'grpc-status: 1\r\n'),
  reset: (socket) => socket.destroy(),
  hang: () => {},
};

/** No connection is kept: how the end of a kept one is taken is where Limpet differs on purpose (docs/decisions/032). */
function answer(socket: Socket, status: number, header = ''): void {
  socket.end(`HTTP/1.1 ${status} X\r\ncontent-length: 0\r\nconnection: close\r\n${header}\r\n`);
}

/** A pod that behaves as the path says and counts the requests to each path. */
function startPod(requests: Map<string, number>): Promise<TestServer> {
  return startRawServer((socket) => {
    socket.on('data', (chunk: Buffer) => {
      const path = /^[A-Z]+ (\S+) /.exec(chunk.toString('latin1'))?.[1] ?? '';
      requests.set(path, (requests.get(path) ?? 0) + 1);
      BEHAVIOURS[path.split('/').at(-1) ?? '']?.(socket);
    });
  });
}

/** Status, flags in alphabetical order, and requests that the pod saw. */
interface Outcome {
  readonly status: number;
  readonly flags: string;
  readonly requests: number;
}

function sortFlags(flags: string): string {
  return flags
    .split(',')
    .filter((flag) => flag !== '-' && flag !== '')
    .sort()
    .join(',');
}

describe('retries, beside Envoy', () => {
  it('happen for the same failures under each condition', { skip: skipUnless('envoy') }, async () => {
    const toEnvoy = new Map<string, number>();
    const toLimpet = new Map<string, number>();
    await using envoyPod = await startPod(toEnvoy);
    await using limpetPod = await startPod(toLimpet);
    const dead = { host: '127.0.0.1', port: await reservePort() };
    await using envoy = await startEnvoy(
      [
        {
          name: 'all',
          domains: ['*'],
          routes: RETRY_CONDITIONS.flatMap((on) => [envoyRoute(on, 'dead'), envoyRoute(on, 'c')]),
        },
      ],
      [envoyCluster('c', [envoyPod]), envoyCluster('dead', [dead])],
    );
    const routes = RETRY_CONDITIONS.flatMap((on) => [limpetRoute(on, 'dead'), limpetRoute(on, 'c')]);
    await using limpet = await startGateway(routes, [
      buildCluster('c', [buildEndpoint(limpetPod)]),
      buildCluster('dead', [buildEndpoint(dead)]),
    ]);
    for (const condition of RETRY_CONDITIONS) {
      const paths = [...Object.keys(BEHAVIOURS).map((name) => `/c/${condition}/${name}`), `/dead/${condition}/refused`];
      for (const path of paths) {
        const [theirs, ours] = await Promise.all([
          fetchFrom({ port: envoy.port, path }),
          fetchFrom({ port: limpet.port, path }),
        ]);
        const expected: Outcome = {
          status: theirs.status,
          flags: sortFlags(String(theirs.headers['x-flags'] ?? '')),
          requests: toEnvoy.get(path) ?? 0,
        };
        const record = limpet.records.findLast((each) => each.path === path);
        const actual: Outcome = {
          status: ours.status,
          flags: sortFlags(record?.responseFlags ?? ''),
          requests: toLimpet.get(path) ?? 0,
        };
        assert.deepEqual(actual, expected, path);
      }
    }
  });
});

const TRY_MILLIS = 150;

function envoyRoute(condition: RetryCondition, cluster: string): unknown {
  return {
    match: { prefix: `/${cluster}/${condition}/` },
    route: {
      cluster,
      timeout: '10s',
      retry_policy: {
        retry_on: condition,
        num_retries: 2,
        retriable_status_codes: [418],
        per_try_timeout: `${TRY_MILLIS / 1000}s`,
        retry_back_off: { base_interval: '0.001s', max_interval: '0.002s' },
      },
    },
  };
}

function limpetRoute(condition: RetryCondition, cluster: string): ReturnType<typeof buildRoute> {
  const retry = {
    ...NO_RETRIES,
    on: [condition],
    retries: 2,
    statusCodes: [418],
    perTryTimeoutMillis: TRY_MILLIS,
    backoffMaxMillis: 2,
  };
  return buildRoute(buildForward(cluster, { timeoutMillis: 10_000, retry }), `/${cluster}/${condition}/`);
}

function envoyCluster(
  name: string,
  endpoints: readonly { readonly host: string; readonly port: number }[],
  fields: Readonly<Record<string, unknown>> = {},
): unknown {
  const members = endpoints.map(({ host, port }) => ({
    endpoint: { address: { socket_address: { address: host, port_value: port } } },
  }));
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: members }] },
    ...fields,
  };
}

/** One host's answers under some settings; which detectors meet their limits, and what comes of it. */
interface OutlierCase {
  readonly name: string;
  readonly settings: Partial<OutlierDetection>;
  /** Hosts of the cluster; all of them are the same pod. */
  readonly hosts: number;
  readonly answers: readonly string[];
}

const FIVE = ['error', 'error', 'error', 'error', 'error'];

const OUTLIER_CASES: readonly OutlierCase[] = [
  { name: 'five-of-five', settings: {}, hosts: 1, answers: FIVE },
  { name: 'interrupted', settings: {}, hosts: 1, answers: ['error', 'error', 'error', 'error', 'ok', 'error'] },
  { name: 'four-hosts', settings: { maxEjectionPercent: 10 }, hosts: 4, answers: [...FIVE, ...FIVE, ...FIVE, ...FIVE] },
  { name: 'resets', settings: { consecutive5xx: 3 }, hosts: 1, answers: ['reset', 'reset', 'reset'] },
  {
    name: 'resets-apart',
    settings: { splitLocalOrigin: true, consecutiveLocalFailures: 2, consecutive5xx: 2 },
    hosts: 1,
    answers: ['reset', 'reset', 'reset', 'error'],
  },
  { name: 'timeouts', settings: { consecutive5xx: 2 }, hosts: 1, answers: ['hang', 'hang'] },
  {
    name: 'timeouts-apart',
    settings: { splitLocalOrigin: true, consecutiveLocalFailures: 1 },
    hosts: 1,
    answers: ['hang'],
  },
  {
    name: 'gateway-errors',
    settings: { consecutiveGatewayErrors: 2, enforcingGatewayErrorsPercent: 100 },
    hosts: 1,
    answers: ['bad-gateway', 'error', 'bad-gateway', 'unavailable'],
  },
  {
    name: 'gateway-errors-unenforced',
    settings: { consecutiveGatewayErrors: 2, consecutive5xx: 4 },
    hosts: 1,
    answers: ['bad-gateway', 'unavailable', 'bad-gateway', 'unavailable'],
  },
  { name: 'off', settings: { consecutive5xx: 0 }, hosts: 1, answers: [...FIVE, ...FIVE] },
];

const DEFAULTS: OutlierDetection = {
  consecutive5xx: 5,
  consecutiveGatewayErrors: 5,
  consecutiveLocalFailures: 5,
  splitLocalOrigin: false,
  enforcing5xxPercent: 100,
  enforcingGatewayErrorsPercent: 0,
  enforcingLocalFailuresPercent: 100,
  intervalMillis: 3_600_000,
  baseEjectionMillis: 3_600_000,
  maxEjectionMillis: 3_600_000,
  maxEjectionPercent: 100,
};

describe('outlier detection, beside Envoy', () => {
  it('ejects for the same answers', { skip: skipUnless('envoy') }, async () => {
    const requests = new Map<string, number>();
    await using pod = await startPod(requests);
    const hostsOf = (count: number): { host: string; port: number }[] =>
      Array.from({ length: count }, () => ({ host: pod.host, port: pod.port }));
    await using envoy = await startEnvoy(
      [{ name: 'all', domains: ['*'], routes: OUTLIER_CASES.map(({ name }) => envoyOutlierRoute(name)) }],
      OUTLIER_CASES.map(({ name, settings, hosts }) =>
        envoyCluster(name, hostsOf(hosts), { outlier_detection: toEnvoyOutliers({ ...DEFAULTS, ...settings }) }),
      ),
    );
    for (const { name, settings, hosts, answers } of OUTLIER_CASES) {
      // A cluster's hosts have one state per address: Limpet's are told apart by names of one loopback address each.
      const endpoints = hostsOf(hosts).map((address, index) => buildEndpoint(address, { address: `h${index}:1` }));
      await using limpet = await startGateway(
        [buildRoute(buildForward(name, { timeoutMillis: TRY_MILLIS }))],
        [buildCluster(name, endpoints, { outlierDetection: { ...DEFAULTS, ...settings } })],
      );
      for (const behaviour of answers) {
        const path = `/${name}/${behaviour}`;
        await Promise.all([fetchFrom({ port: envoy.port, path }), fetchFrom({ port: limpet.port, path })]);
      }
      const stats = await envoy.stats();
      const stat = (key: string): number => stats.get(`cluster.${name}.outlier_detection.ejections_${key}`) ?? 0;
      const [, health] = [...limpet.gateway.health][0] ?? assert.fail('no detection');
      const { counts } = health.detector ?? assert.fail('no detector');
      const all = Object.values(counts);
      assert.deepEqual(
        {
          enforced5xx: counts.consecutive_5xx.enforced,
          enforcedGateway: counts.consecutive_gateway_failure.enforced,
          enforcedLocal: counts.consecutive_local_origin_failure.enforced,
          overflow: all.reduce((sum, { overflowed }) => sum + overflowed, 0),
          active: health.detector?.ejected,
        },
        {
          enforced5xx: stat('enforced_consecutive_5xx'),
          enforcedGateway: stat('enforced_consecutive_gateway_failure'),
          enforcedLocal: stat('enforced_consecutive_local_origin_failure'),
          overflow: stat('overflow'),
          active: stat('active'),
        },
        name,
      );
    }
  });
});

function envoyOutlierRoute(cluster: string): unknown {
  return { match: { prefix: `/${cluster}/` }, route: { cluster, timeout: `${TRY_MILLIS / 1000}s` } };
}

function toEnvoyOutliers(settings: OutlierDetection): unknown {
  return {
    consecutive_5xx: settings.consecutive5xx,
    consecutive_gateway_failure: settings.consecutiveGatewayErrors,
    consecutive_local_origin_failure: settings.consecutiveLocalFailures,
    split_external_local_origin_errors: settings.splitLocalOrigin,
    enforcing_consecutive_5xx: settings.enforcing5xxPercent,
    enforcing_consecutive_gateway_failure: settings.enforcingGatewayErrorsPercent,
    enforcing_consecutive_local_origin_failure: settings.enforcingLocalFailuresPercent,
    enforcing_success_rate: 0,
    interval: `${settings.intervalMillis / 1000}s`,
    base_ejection_time: `${settings.baseEjectionMillis / 1000}s`,
    max_ejection_time: `${settings.maxEjectionMillis / 1000}s`,
    max_ejection_percent: settings.maxEjectionPercent,
  };
}
