import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { type Affinity, type HashPolicy, NO_AFFINITY, type SessionPolicy } from '../../model/affinity.ts';
import type { FieldPath, Resource } from '../../resources/resource.ts';
import { clusterName, emitHashPolicy } from './emit-cluster.ts';
import type { IstioService, SessionLabel } from './istio-service.ts';
import type { IstioOptions } from './options.ts';
import type { ClusterPlan } from './resolve-clusters.ts';
import type { DestinationRule, DestinationRules, Placed } from './resolve-destination-rules.ts';
import { toFullHost } from './resolve-names.ts';
import { routeHash } from './resolve-policy.ts';
import type { ServiceRegistry } from './resolve-services.ts';
import type { ConsistentHash } from './schema-destination-rule.ts';
import type {
  Destination,
  DirectResponse,
  HeadersSpec,
  HttpRedirect,
  HttpRetry,
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
      /** Written with several destinations, of which some may have been dropped. */
      readonly isWeighted: boolean;
      readonly affinity: Affinity;
      /** The rule's own, or the mesh's; null: Istio's defaults. */
      readonly retries: HttpRetry | null;
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

/** null where the rule delegates, which its schema remarks on. */
export function resolveAction(
  context: ActionContext,
  rule: HttpRule,
  resource: Resource,
  path: FieldPath,
  listenerPort: number,
): ResolvedAction | null {
  if (rule.redirect !== null) return { kind: 'redirect', redirect: rule.redirect };
  if (rule.directResponse !== null) return { kind: 'respond', response: rule.directResponse };
  if (rule.route.length === 0) return null;
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
  const labels = resolved.map(({ session: label }) => label);
  const session = routeSession(context, labels, resource, path);
  const isSingle = resolved.length === 1;
  // Weight 0 takes no new requests and Istio drops it; where a session may still name it, it stays reachable.
  const served = resolved.filter(({ target }) => isSingle || target.weight > 0 || session !== null);
  const hashes = resolved.filter(({ target }) => isSingle || target.weight > 0).map(({ hash }) => hash);
  const policies = hashes
    .map((hash) => (hash === null ? null : emitHashPolicy(hash.value)))
    .filter((policy) => policy !== null);
  return {
    kind: 'forward',
    targets: served.map(({ target }) => target),
    isWeighted: !isSingle,
    affinity: toAffinity(session, policies),
    retries: rule.retries ?? context.options.defaultRetries,
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
  const { registry, rules, clusters, options } = context;
  const { namespace } = resource.metadata;
  const written = registry.forRoute(toFullHost(destination.host, namespace, options.clusterDomain), namespace);
  const named = destination.port?.number ?? null;
  const onlyPort = written.service?.ports.length === 1 ? written.service.ports[0] : undefined;
  const port = named ?? onlyPort?.number ?? listenerPort;
  // What an ExternalName Service stands for is served, if a ServiceEntry knows it; its rule and its ports are its own.
  const { host, service } = written.alias === null ? written : registry.forRoute(written.alias, namespace);
  checkDestination(context, destination, host, service, port, resource, [...path, 'destination']);
  const rule = written.service === undefined ? null : rules.find(written.host, written.service.namespace);
  if (destination.subset !== '' && service !== undefined && !rule?.subsets.has(destination.subset)) {
    const at = resource.position([...path, 'destination', 'subset']);
    const message = `no DestinationRule for ${host} defines the subset ${JSON.stringify(destination.subset)}`;
    context.sink.report('error', 'unresolved-reference', at, message, 'Its requests are answered 503.');
  }
  clusters.use(host, port, destination.subset);
  return {
    target: { cluster: clusterName(host, port, destination.subset), weight, headers },
    session: options.persistentSessions ? (written.service?.session ?? null) : null,
    hash: findHash(context, rule, named, port, destination.subset),
  };
}

/** What does not exist is named all the same, as Istio does: its requests are answered 503. */
function checkDestination(
  { sink }: ActionContext,
  { host: writtenHost, port: writtenPort }: Destination,
  host: string,
  service: IstioService | undefined,
  port: number,
  resource: Resource,
  path: FieldPath,
): void {
  if (service === undefined) {
    const isPartial = writtenHost.includes('.') && host === writtenHost.toLowerCase();
    const help = isPartial ? 'A name with a dot is taken as it is: write the full name.' : '';
    const at = resource.position([...path, 'host']);
    sink.report('error', 'unresolved-reference', at, `there is no Service ${host} that this gateway sees`, help);
    return;
  }
  if (service.ports.some((candidate) => candidate.number === port)) return;
  const ports = service.ports.map((candidate) => candidate.number).join(', ') || 'none';
  const message =
    writtenPort === null
      ? `${host} has several ports, so the listener's port ${port} is taken, which is none of them`
      : `${host} has no port ${port}`;
  const at = resource.position(writtenPort === null ? path : [...path, 'port', 'number']);
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
  rule: DestinationRule | null,
  named: number | null,
  port: number,
  subset: string,
): Placed<ConsistentHash> | null {
  const asIstio = routeHash(rule, named, subset);
  const hash = asIstio ?? routeHash(rule, port, subset);
  if (hash === null) return null;
  const at = () => hash.resource.position(hash.path, 'key');
  if (asIstio === null) {
    const message = `this hash applies to routes that leave port ${port} out, too; Istio sends those to random endpoints`;
    sink.report('note', 'bettered', at(), message, 'Name destination.port.number to get the same from both.');
  }
  if (emitHashPolicy(hash.value) === null) {
    const message = 'this hash has no key, so requests go to random endpoints';
    const help = 'Add httpCookie, httpHeaderName, httpQueryParameterName or useSourceIp: true.';
    sink.report('warning', 'no-affinity', at(), message, help);
  }
  return hash;
}

/**
 * The session of a route with several destinations. Istio keeps what it looked at last, so a labelled Service before
 * one without a label loses its sessions; here the first label counts then.
 */
function routeSession(
  { sink }: ActionContext,
  labels: readonly (SessionLabel | null)[],
  resource: Resource,
  path: FieldPath,
): SessionLabel | null {
  let asIstio: SessionLabel | null = null;
  for (const label of labels) {
    if (label !== null && asIstio !== null) break;
    asIstio = label;
  }
  const session = asIstio ?? labels.find((label) => label !== null) ?? null;
  if (asIstio === null && session !== null) {
    const message = 'sessions are kept on this route; Istio drops them, because its last destination has none';
    const help = 'Label every destination of the route to get the same from both.';
    sink.report('note', 'bettered', resource.position([...path, 'route'], 'key'), message, help);
  }
  return session;
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
