import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import process from 'node:process';
import { startProcess, type TestProcess } from './child-process.ts';
import { fetchFrom } from './http-client.ts';
import { createTempDir, type TempDir } from './temp-dir.ts';
import { findTool, ROOT } from './tools.ts';

/** A real Envoy with listeners on free ports. */
export interface TestEnvoy extends AsyncDisposable {
  readonly pid: number;
  /** Of the first listener. */
  readonly port: number;
  /** By the listener's name. */
  readonly ports: ReadonlyMap<string, number>;
  /** Its counters and gauges, by full name. */
  stats(): Promise<ReadonlyMap<string, number>>;
}

/**
 * Starts Envoy with these virtual hosts and clusters, and with HTTP filters before the router, in the form of its API.
 * Each response tells its flags in `x-flags`.
 * Only for tests that are skipped where there is no Envoy.
 */
export function startEnvoy(
  virtualHosts: readonly unknown[],
  clusters: readonly unknown[],
  httpFilters: readonly unknown[] = [],
): Promise<TestEnvoy> {
  return startEnvoyWith(JSON.stringify(toBootstrap(virtualHosts, clusters, httpFilters)));
}

/** Starts Envoy with a whole bootstrap, whose admin API and listeners are on loopback. */
export async function startEnvoyWith(bootstrap: string): Promise<TestEnvoy> {
  const folder = createTempDir();
  const adminFile = join(folder.path, 'admin');
  const configFile = folder.write('envoy.json', bootstrap);
  const program = findTool('envoy') ?? assert.fail('no envoy');
  const args = ['-c', configFile, '--concurrency', '1', '--use-dynamic-base-id', '--admin-address-path', adminFile];
  const envoy = await startProcess(program, [...args, '--log-level', 'info']);
  await envoy.waitForLine(/starting main dispatch loop/, 20_000);
  const adminPort = Number((await readFile(adminFile, 'utf8')).split(':')[1]);
  const ports = await listenerPorts(adminPort);
  return {
    pid: envoy.pid,
    port: [...ports.values()][0] ?? assert.fail('no listener'),
    ports,
    stats: () => readStats(adminPort),
    [Symbol.asyncDispose]: () => end(envoy, folder),
  };
}

/** Starts Envoy with what `limpet convert` makes of a folder's files. */
export function startConvertedEnvoy(folder: string): Promise<TestEnvoy> {
  const args = ['convert', '-f', folder, '--to', 'envoy', '--bootstrap', '--port', '80=0', '--bind', '127.0.0.1'];
  const command = [process.execPath, [`${ROOT}bin/limpet.js`, ...args]] as const;
  return startEnvoyWith(execFileSync(...command, { encoding: 'utf8', maxBuffer: 1 << 26 }));
}

async function end(envoy: TestProcess, folder: TempDir): Promise<void> {
  await envoy.stop();
  folder.remove();
}

async function listenerPorts(adminPort: number): Promise<ReadonlyMap<string, number>> {
  const { text } = await fetchFrom({ port: adminPort, path: '/listeners?format=json' });
  const parsed = JSON.parse(text) as {
    listener_statuses: readonly { name: string; local_address: { socket_address: { port_value: number } } }[];
  };
  return new Map(
    parsed.listener_statuses.map((status) => [status.name, status.local_address.socket_address.port_value]),
  );
}

async function readStats(adminPort: number): Promise<ReadonlyMap<string, number>> {
  const { text } = await fetchFrom({ port: adminPort, path: '/stats' });
  const lines = text.split('\n').map((line) => /^(.*): (\d+)$/.exec(line));
  return new Map(lines.flatMap((match) => (match === null ? [] : [[match[1] ?? '', Number(match[2])] as const])));
}

function toBootstrap(
  virtualHosts: readonly unknown[],
  clusters: readonly unknown[],
  httpFilters: readonly unknown[],
): unknown {
  const address = { socket_address: { address: '127.0.0.1', port_value: 0 } };
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'test',
    route_config: {
      virtual_hosts: virtualHosts,
      response_headers_to_add: [{ header: { key: 'x-flags', value: '%RESPONSE_FLAGS%' } }],
    },
    http_filters: [
      ...httpFilters,
      {
        name: 'router',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
      },
    ],
  };
  const filters = [{ name: 'manager', typed_config: manager }];
  return {
    // Without a name it takes no endpoints from a file.
    node: { id: 'test', cluster: 'test' },
    admin: { address },
    static_resources: { listeners: [{ name: 'test', address, filter_chains: [{ filters }] }], clusters },
  };
}
