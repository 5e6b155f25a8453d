import { EnvoyGateways } from './envoy-gateways.ts';
import type { System } from './gateways.ts';
import { LimpetGateways } from './limpet-gateways.ts';
import { hashRule } from './manifests.ts';
import type { Pod } from './pod-fleet.ts';

const COOKIE = 'sid';
/** Time for every client to come by a few times. */
const DRAIN_DEADLINE_MILLIS = 15_000;

const baseline = {
  carriers: { cookie: COOKIE, header: null },
  idleForMillis: null,
  drainDeadlineMillis: DRAIN_DEADLINE_MILLIS,
} as const;

export const RING_HASH: System = {
  ...baseline,
  name: 'ring hash',
  description: 'DestinationRule `consistentHash` with a cookie, `ringHash`',
  forge: null,
  start: (pods) =>
    LimpetGateways.start({ labels: '', more: hashRule('ringHash: {minimumRingSize: 1024}'), hasKeys: false }, pods),
};

export const MAGLEV: System = {
  ...baseline,
  name: 'Maglev',
  description: 'DestinationRule `consistentHash` with a cookie, `maglev`',
  forge: null,
  start: (pods) =>
    LimpetGateways.start({ labels: '', more: hashRule('maglev: {tableSize: 65537}'), hasKeys: false }, pods),
};

/** Istio's persistent sessions, which are Envoy's, served by Limpet. */
export const ISTIO_LABEL: System = {
  ...baseline,
  name: 'address token',
  description: 'Service label `istio.io/persistent-session`, served by Limpet',
  forge: forgeAddress,
  start: (pods) =>
    LimpetGateways.start({ labels: `istio.io/persistent-session: ${COOKIE}`, more: '', hasKeys: false }, pods),
};

export const ENVOY: System = {
  ...baseline,
  name: 'Envoy stateful session',
  description: 'Envoy 1.40 with its stateful session filter, set up as Istio does it',
  forge: forgeAddress,
  start: (pods) => EnvoyGateways.start(COOKIE, pods),
};

/** What this project adds. */
export function sessionPolicy(idleForMillis: number, drainDeadlineMillis: number): System {
  const header = 'x-session';
  const more = `apiVersion: limpet.dev/v1alpha1
kind: SessionPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRefs: [{group: "", kind: Service, name: web}]
  carrier:
  - cookie: {name: ${COOKIE}, path: /}
  - header: {name: ${header}}
  idleTimeout: 10m
  fallback: {sourceIp: {ipv4PrefixLength: 32, ipv6PrefixLength: 64}}
  newSessions: leastSessions
  drain: {deadline: ${drainDeadlineMillis}ms}
  rebalance: {idleFor: ${idleForMillis}ms, whenAbove: 1.1, maxPerMinute: 20000}
`;
  return {
    name: 'SessionPolicy',
    description: 'sealed tokens by cookie and header, `leastSessions`, rebalancing',
    carriers: { cookie: COOKIE, header },
    idleForMillis,
    drainDeadlineMillis,
    forge: forgeAddress,
    start: (pods) => LimpetGateways.start({ labels: '', more, hasKeys: true }, pods),
  };
}

export const SESSION_POLICY: System = sessionPolicy(10_000, DRAIN_DEADLINE_MILLIS);

export const SYSTEMS: readonly System[] = [RING_HASH, MAGLEV, ENVOY, ISTIO_LABEL, SESSION_POLICY];

/** What Envoy's cookie is: base64 of a message with the address as its first field. */
function forgeAddress({ host, port }: Pod): string {
  const address = `${host}:${port}`;
  return Buffer.concat([Buffer.from([0x0a, address.length]), Buffer.from(address)]).toString('base64');
}
