import type { HostState } from '../../../../src/affinity/host.ts';
import { formatAddress } from '../../../../src/model/address.ts';
import { type Endpoint, type EndpointGroup, type EndpointHealth, NO_LOCALITY } from '../../../../src/model/cluster.ts';
import type { Origin } from '../../../../src/model/origin.ts';
import { asList, Fields, NotUnderstood } from '../fields.ts';
import { expandTemplate } from '../host-template.ts';
import { splitAddress } from '../split-address.ts';

export const RECORDED: Origin = {
  source: 'recording',
  kind: 'Envoy',
  namespace: '',
  name: '',
  line: 1,
  column: 1,
  field: '',
};

/** Endpoints of a recording, and what health checks and outlier detection had found out about some. */
export interface RecordedHosts {
  readonly groups: readonly EndpointGroup[];
  readonly stateFor: (endpoint: Endpoint) => HostState;
}

const HEALTH: ReadonlyMap<string, EndpointHealth> = new Map([
  ['UNKNOWN', 'unknown'],
  ['HEALTHY', 'healthy'],
  ['UNHEALTHY', 'unhealthy'],
  ['DRAINING', 'draining'],
  ['TIMEOUT', 'timeout'],
  ['DEGRADED', 'degraded'],
]);

export function parseHealth(status: unknown, path: string): EndpointHealth {
  const health = HEALTH.get(String(status));
  if (health === undefined) throw new NotUnderstood(`${path}: no health status: ${status}`);
  return health;
}

/** The hosts of a case or a cluster: `endpoints`, `hosts`, or `hosts_template`. */
export function readHosts(fields: Fields): RecordedHosts {
  if (fields.has('endpoints')) return parseEndpoints(fields.value('endpoints'), fields.pathOf('endpoints'));
  const name = fields.has('hosts_template') ? 'hosts_template' : 'hosts';
  return parseHosts(fields.value(name), fields.pathOf(name));
}

/** One group of hosts: a list in the recordings' notation, or a template. */
export function parseHosts(hosts: unknown, path: string): RecordedHosts {
  return new HostReader().read([{ hosts }], path);
}

/** `endpoints`: groups with locality, priority and weight. */
function parseEndpoints(endpoints: unknown, path: string): RecordedHosts {
  return new HostReader().read(asList(endpoints, path), path);
}

class HostReader {
  readonly #states = new Map<Endpoint, HostState>();

  read(groups: readonly unknown[], path: string): RecordedHosts {
    const read = groups.map((group, index) => this.#readGroup(new Fields(group, `${path}[${index}]`)));
    return { groups: read, stateFor: (endpoint) => this.#states.get(endpoint) ?? createHostState() };
  }

  #readGroup(group: Fields): EndpointGroup {
    const hosts = group.value('hosts');
    const list = typeof hosts === 'string' ? expandTemplate(hosts) : asList(hosts, group.pathOf('hosts'));
    const locality = group.objectOrEmpty('locality');
    const endpoints = list.map((host, index) => this.#readHost(host, `${group.pathOf('hosts')}[${index}]`));
    const read: EndpointGroup = {
      locality: {
        region: locality.stringOr('region', NO_LOCALITY.region),
        zone: locality.stringOr('zone', NO_LOCALITY.zone),
        subZone: locality.stringOr('sub_zone', NO_LOCALITY.subZone),
      },
      priority: group.numberOr('priority', 0),
      weight: group.numberOr('weight', null),
      endpoints,
    };
    locality.end();
    group.end();
    return read;
  }

  #readHost(host: unknown, path: string): Endpoint {
    const fields = new Fields(typeof host === 'string' ? { a: host } : host, path);
    const address = splitAddress(fields.string('a'));
    const key = fields.value('k');
    const endpoint: Endpoint = {
      address: formatAddress(address.host, address.port),
      ...address,
      identity: { uid: '', namespace: '', name: '' },
      hostname: fields.stringOr('n', ''),
      // Metadata of another type than text is no hash key and no error (envoy-affinity §2.2).
      hashKey: typeof key === 'string' ? key : '',
      weight: fields.numberOr('w', 1),
      health: fields.has('s') ? parseHealth(fields.value('s'), path) : 'unknown',
      labels: readLabels(fields.objectOrEmpty('metadata')),
      origin: RECORDED,
    };
    const state = createHostState();
    state.ejected = fields.booleanOr('ejected_by_outlier_detection', false);
    state.failedActiveCheck = fields.booleanOr('failed_active_health_check', false);
    state.degradedActiveCheck = fields.booleanOr('degraded_active_health_check', false);
    this.#states.set(endpoint, state);
    fields.end();
    return endpoint;
  }
}

export function createHostState(): HostState {
  return {
    activeRequests: 0,
    failedActiveCheck: false,
    degradedActiveCheck: false,
    ejected: false,
    healthySinceMillis: 0,
    liveSessions: 0,
    isCrowded: false,
    drain: null,
  };
}

export function readLabels(fields: Fields): Readonly<Record<string, string>> {
  return Object.fromEntries(fields.names.map((name) => [name, fields.string(name)]));
}
