import { findTool } from '../../../test/support/tools.ts';
import { readVersion } from '../machine.ts';
import { COOKIE, type Contender, HOST, type Setup, startContender } from './contender.ts';

/** Envoy with the static form of what Istio makes of the resources that Limpet reads. */
export const envoy: Contender = {
  name: 'Envoy',
  findVersion() {
    const path = findTool('envoy');
    return path === undefined ? null : readVersion(path, ['--version'], /\/(\d+\.\d+\.\d+)\//);
  },
  start(setup) {
    const file = setup.writeConfig('envoy.json', JSON.stringify(bootstrap(setup), null, 2));
    const args = ['-c', file, '--concurrency', '1', '--log-level', 'warning', '--use-dynamic-base-id'];
    return startContender(setup, findTool('envoy') ?? 'envoy', args);
  },
};

const TYPE = 'type.googleapis.com/envoy.extensions';

function bootstrap(setup: Setup): Record<string, unknown> {
  return {
    static_resources: {
      listeners: [
        {
          address: socketAddress('127.0.0.1', setup.port),
          filter_chains: [
            {
              filters: [
                { name: 'envoy.filters.network.http_connection_manager', typed_config: connectionManager(setup) },
              ],
            },
          ],
        },
      ],
      clusters: [cluster(setup)],
    },
  };
}

function connectionManager(setup: Setup): Record<string, unknown> {
  return {
    '@type': `${TYPE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'bench',
    server_name: 'istio-envoy',
    use_remote_address: true,
    normalize_path: true,
    stream_idle_timeout: '0s',
    access_log: [
      {
        name: 'envoy.access_loggers.file',
        typed_config: { '@type': `${TYPE}.access_loggers.file.v3.FileAccessLog`, path: setup.accessLog },
      },
    ],
    http_filters: [
      { name: 'envoy.filters.http.router', typed_config: { '@type': `${TYPE}.filters.http.router.v3.Router` } },
    ],
    route_config: {
      ignore_port_in_host_matching: true,
      virtual_hosts: [
        {
          name: 'bench',
          domains: [HOST],
          include_request_attempt_count: true,
          routes: [{ match: { prefix: '/' }, route: routeAction() }],
        },
      ],
    },
  };
}

/** Istio's defaults: no timeout, two retries, and the hash on a cookie that is generated where it is missing. */
function routeAction(): Record<string, unknown> {
  return {
    cluster: 'bench',
    timeout: '0s',
    hash_policy: [{ cookie: { name: COOKIE, ttl: '60s' } }],
    retry_policy: {
      retry_on: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
      num_retries: 2,
      host_selection_retry_max_attempts: 5,
    },
  };
}

function cluster({ pods }: Setup): Record<string, unknown> {
  const unlimited = 4294967295;
  return {
    name: 'bench',
    type: 'STATIC',
    connect_timeout: '10s',
    lb_policy: 'RING_HASH',
    circuit_breakers: {
      thresholds: [
        {
          max_connections: unlimited,
          max_pending_requests: unlimited,
          max_requests: unlimited,
          max_retries: unlimited,
        },
      ],
    },
    load_assignment: {
      cluster_name: 'bench',
      endpoints: [
        { lb_endpoints: pods.map(({ host, port }) => ({ endpoint: { address: socketAddress(host, port) } })) },
      ],
    },
  };
}

function socketAddress(address: string, port: number): Record<string, unknown> {
  return { socket_address: { address, port_value: port } };
}
