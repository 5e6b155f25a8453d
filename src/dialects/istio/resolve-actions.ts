import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { type Affinity, type HashPolicy, NO_AFFINITY, type SessionPolicy } from '../../model/affinity.ts';
import type { FieldPath, Resource } from '../../resources/resource.ts';
import { clusterName, emitHashPolicy } from './emit-cluster.ts';
import type { IstioService, SessionLabel } from './istio-service.ts';
import type { IstioOptions } from './options.ts';
import type { ClusterPlan } from './resolve-clusters.ts';
import type { DestinationRules, Placed } from './resolve-destination-rules.ts';
import { toFullHost } from './resolve-names.ts';
import { routeHash } from './resolve-policy.ts';
import type { ServiceRegistry } from './resolve-services.ts';
import type { ConsistentHash } from './schema-destination-rule.ts';
import type {
  DirectResponse,
  HeadersSpec,
  HttpRedirect,
  HttpRule,
  RouteDestination,
} from './schema-virtual-service.ts';

export interface ResolvedTarget {
  readonly cluster: string;
  readonly weight: number;
  readonly headers: HeadersSpec;
}

export type ResolvedAction =
  | { readonly kind: 'redirect'; readonly redirect: HttpRedirect }
  | { readonly kind: 'respond'; readonly response: DirectResponse }
  | {
      readonly kind: 'forward';
      readonly targets: readonly ResolvedTarget[];
      readonly affinity: Affinity;
      /** A destination has a consistent hash, with or without a key. */
      readonly isHashed: boolean;
    };

/** What an action is resolved with. */
export interface ActionContext {
  readonly registry: ServiceRegistry;
  readonly rules: DestinationRules;
  readonly clusters: ClusterPlan;
  readonly options: IstioOptions;
  readonly sink: DiagnosticSink;
}

/** null, with a diagnostic, where the rule does nothing that can be served. */
export function resolveAction(
  context: ActionContext,
  rule: HttpRule,
  resource: Resource,
  path: FieldPath,
  listenerPort: number,
): ResolvedAction | null {
  if (rule.redirect !== null) return { kind: 'redirect', redirect: rule.redirect };
  if (rule.directResponse !== null) return { kind: 'respond', response: rule.directResponse };
  if (rule.route.length === 0) {
    const help = 'Give it a route, a redirect or a directResponse.';
    context.sink.report('error', 'missing-field', resource.position(path), 'this rule has nothing to do', help);
    return null;
  }
  return resolveForward(context, rule, resource, path, listenerPort);
}

function resolveForward(
  context: ActionContext,
  rule: HttpRule,
  resource: Resource,
  path: FieldPath,
  listenerPort: number,
): ResolvedAction {
  const resolved = rule.route.map((destination, index) =>
    resolveDestination(context, destination, resource, [...path, 'route', index], listenerPort),
  );
  const session = resolved.map(({ session: label }) => label).find((label) => label !== null) ?? null;
  const isSingle = resolved.length === 1;
  // Weight 0 takes no new requests and Istio drops it; where a session may still name it, it stays reachable.
  const served = resolved.filter(({ target }) => isSingle || target.weight > 0 || session !== null);
  const hashes = resolved.filter(({ target }) => isSingle || target.weight > 0).map(({ hash }) => hash);
  if (served.length === 0 || (!isSingle && resolved.every(({ target }) => target.weight === 0))) {
    const help = 'Give one of them a weight above 0.';
    context.sink.report(
      'error',
      'invalid-field',
      resource.position([...path, 'route'], 'key'),
      'all weights of this route are 0',
      help,
    );
  }
  const policies = hashes
    .map((hash) => (hash === null ? null : emitHashPolicy(hash.value)))
    .filter((policy) => policy !== null);
  return {
    kind: 'forward',
    targets: served.map(({ target }) => target),
    affinity: toAffinity(session, policies),
    isHashed: hashes.some((hash) => hash !== null),
  };
}

interface ResolvedDestination {
  readonly target: ResolvedTarget;
  readonly session: SessionLabel | null;
  readonly hash: Placed<ConsistentHash> | null;
}

function resolveDestination(
  context: ActionContext,
  { destination, weight, headers }: RouteDestination,
  resource: Resource,
  path: FieldPath,
  listenerPort: number,
): ResolvedDestination {
  const { registry, rules, clusters, options, sink } = context;
  const { namespace } = resource.metadata;
  const host = toFullHost(destination.host, namespace, options.clusterDomain);
  const service = registry.forRoute(host, namespace);
  const at = resource.position([...path, 'destination', 'host']);
  if (service === undefined) {
    const help = destination.host.includes('.') ? 'A name with a dot is taken as it is: write the full name.' : '';
    sink.report('error', 'unresolved-reference', at, `there is no Service ${host}`, help);
  }
  const onlyPort = service?.ports.length === 1 ? service.ports[0] : undefined;
  const named = destination.port?.number ?? null;
  const port = named ?? onlyPort?.number ?? listenerPort;
  if (service !== undefined) checkPort(context, service, port, named, [...path, 'destination'], resource);
  const rule = rules.find(host, service?.namespace ?? namespace);
  if (destination.subset !== '' && !rule?.subsets.has(destination.subset)) {
    const message = `no DestinationRule for ${host} defines the subset ${JSON.stringify(destination.subset)}`;
    sink.report(
      'error',
      'unresolved-reference',
      resource.position([...path, 'destination', 'subset']),
      message,
      'Its requests are answered 503.',
    );
  }
  clusters.use(host, port, destination.subset);
  return {
    target: { cluster: clusterName(host, port, destination.subset), weight, headers },
    session: options.persistentSessions ? (service?.session ?? null) : null,
    hash: findHash(context, rule, named, port, destination.subset),
  };
}

function checkPort(
  { sink }: ActionContext,
  service: IstioService,
  port: number,
  named: number | null,
  path: FieldPath,
  resource: Resource,
): void {
  if (service.ports.some((candidate) => candidate.number === port)) return;
  const ports = service.ports.map((candidate) => candidate.number).join(', ') || 'none';
  const message =
    named === null
      ? `${service.host} has several ports, so the listener's port ${port} is taken, which is none of them`
      : `${service.host} has no port ${port}`;
  const at = resource.position(named === null ? path : [...path, 'port', 'number']);
  sink.report(
    'error',
    'unresolved-reference',
    at,
    message,
    `Set destination.port.number to one of its ports: ${ports}.`,
  );
}

/**
 * Istio consults port blocks only where the route names the port, so a hash under portLevelSettings is lost on a route
 * that leaves the port of a one-port Service out, and every request goes to a random endpoint of a ring. Here the port
 * that the route means counts.
 */
function findHash(
  { sink }: ActionContext,
  rule: ReturnType<DestinationRules['find']>,
  named: number | null,
  port: number,
  subset: string,
): Placed<ConsistentHash> | null {
  const hash = routeHash(rule, named, subset);
  if (hash === null && named === null) {
    const implied = routeHash(rule, port, subset);
    if (implied === null) return null;
    const message = `this hash applies to routes that leave port ${port} out as well; Istio would send those to random endpoints`;
    sink.report(
      'note',
      'no-affinity',
      implied.resource.position(implied.path, 'key'),
      message,
      'Name destination.port.number to get the same from both.',
    );
    return implied;
  }
  if (hash !== null && emitHashPolicy(hash.value) === null) {
    const help = 'Add httpCookie, httpHeaderName, httpQueryParameterName or useSourceIp: true.';
    sink.report(
      'warning',
      'no-affinity',
      hash.resource.position(hash.path, 'key'),
      'this hash has no key, so requests go to random endpoints',
      help,
    );
  }
  return hash;
}

function toAffinity(session: SessionLabel | null, policies: readonly HashPolicy[]): Affinity {
  if (session !== null) return { kind: 'session', session: toSessionPolicy(session), fallback: policies };
  return policies.length === 0 ? NO_AFFINITY : { kind: 'hash', policies };
}

/** Envoy's plain address token, kept for the browser's session (istio-affinity §8). */
function toSessionPolicy(label: SessionLabel): SessionPolicy {
  const carrier: SessionPolicy['carriers'][number] =
    label.kind === 'header'
      ? { kind: 'header', name: label.name }
      : { kind: 'cookie', cookie: { name: label.name, ttlMillis: 0, path: label.path, attributes: [] } };
  return { carriers: [carrier], token: { kind: 'address' }, onLost: { kind: 'rehome' } };
}
