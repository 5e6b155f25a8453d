import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startEnvoy, type TestEnvoy } from '../support/envoy.ts';
import { eventually } from '../support/processes.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import { GATEWAYS, type Gateways } from './gateways.ts';
import type { Pod } from './pod-fleet.ts';

const EXTENSIONS = 'type.googleapis.com/envoy.extensions';
/** From Envoy's main thread, which counts an update, to the thread that serves. */
const HANDOVER_MILLIS = 100;

/** Three real Envoys with stateful sessions by cookie, set up as Istio does it; endpoints come from one file. */
export class EnvoyGateways implements Gateways {
  readonly keys = null;
  readonly #folder: TempDir;
  readonly #cookie: string;
  readonly #running: TestEnvoy[] = [];
  #version = 0;

  private constructor(folder: TempDir, cookie: string) {
    this.#folder = folder;
    this.#cookie = cookie;
  }

  static async start(cookie: string, pods: Iterable<Pod>): Promise<EnvoyGateways> {
    const gateways = new EnvoyGateways(createTempDir(), cookie);
    try {
      gateways.#write(pods);
      for (let i = 0; i < GATEWAYS; i++) gateways.#running[i] = await gateways.#run();
    } catch (error) {
      await gateways[Symbol.asyncDispose]();
      throw error;
    }
    return gateways;
  }

  get ports(): readonly number[] {
    return this.#running.map(({ port }) => port);
  }

  async serve(pods: Iterable<Pod>): Promise<void> {
    const before = await this.#updates();
    this.#write(pods);
    await eventually('the new endpoints in every Envoy', async () => {
      const now = await this.#updates();
      return now.every((updates, index) => updates > (before[index] ?? 0));
    });
    await delay(HANDOVER_MILLIS);
  }

  /** Envoy ends at once when it is told to, so the balancer in front lets go of it before. */
  async restart(gateway: number, leave: () => Promise<void>): Promise<void> {
    await leave();
    await this.#running[gateway]?.[Symbol.asyncDispose]();
    this.#running[gateway] = await this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.map((envoy) => envoy[Symbol.asyncDispose]()));
    this.#folder.remove();
  }

  /** Endpoint files that each has taken so far. */
  #updates(): Promise<number[]> {
    return Promise.all(
      this.#running.map(async (envoy) => (await envoy.stats()).get('cluster.web.update_success') ?? 0),
    );
  }

  #write(pods: Iterable<Pod>): void {
    const assignment = {
      '@type': 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment',
      cluster_name: 'web',
      endpoints: [{ lb_endpoints: [...pods].map(toEndpoint) }],
    };
    const response = { version_info: String(++this.#version), resources: [assignment] };
    renameSync(this.#folder.write('new.json', JSON.stringify(response)), this.#file);
  }

  get #file(): string {
    return join(this.#folder.path, 'endpoints.json');
  }

  #run(): Promise<TestEnvoy> {
    const route = { match: { prefix: '/' }, route: { cluster: 'web' } };
    const cluster = {
      name: 'web',
      type: 'EDS',
      eds_cluster_config: { eds_config: { resource_api_version: 'V3', path_config_source: { path: this.#file } } },
      connect_timeout: '1s',
      lb_policy: 'LEAST_REQUEST',
      common_lb_config: { override_host_status: { statuses: ['HEALTHY', 'DRAINING', 'UNKNOWN', 'DEGRADED'] } },
    };
    return startEnvoy([{ name: 'all', domains: ['*'], routes: [route] }], [cluster], [statefulSession(this.#cookie)]);
  }
}

function toEndpoint({ host, port, phase }: Pod): unknown {
  const address = { socket_address: { address: host, port_value: port } };
  return { endpoint: { address }, health_status: phase === 'ready' ? 'HEALTHY' : 'DRAINING' };
}

function statefulSession(cookie: string): unknown {
  const state = {
    '@type': `${EXTENSIONS}.http.stateful_session.cookie.v3.CookieBasedSessionState`,
    cookie: { name: cookie, path: '/' },
  };
  return {
    name: 'session',
    typed_config: {
      '@type': `${EXTENSIONS}.filters.http.stateful_session.v3.StatefulSession`,
      session_state: { name: 'envoy.http.stateful_session.cookie', typed_config: state },
    },
  };
}
