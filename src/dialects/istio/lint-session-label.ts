import type { IstioService } from './istio-service.ts';
import type { Forward } from './lint-routes.ts';
import type { PortProtocol } from './port-protocol.ts';
import type { ActionContext } from './resolve-destination.ts';

const COOKIE_LABEL = 'istio.io/persistent-session';
const NOT_HTTP: ReadonlySet<PortProtocol> = new Set<PortProtocol>([
  'HTTPS',
  'TLS',
  'TCP',
  'UDP',
  'MONGO',
  'REDIS',
  'MYSQL',
]);

/** Where the label that counts stands. */
export function sessionLabelPath({ session }: IstioService): readonly string[] {
  return ['metadata', 'labels', session?.kind === 'header' ? `${COOKIE_LABEL}-header` : COOKIE_LABEL];
}

/** Labels for persistent sessions that give none: the filter runs on HTTP routes to the Service (istio-affinity §8). */
export function lintSessionLabels(context: ActionContext, forwards: readonly Forward[]): void {
  if (!context.options.persistentSessions) return;
  const targets = forwards.flatMap((forward) => forward.targets);
  const routed = new Set(targets.map(({ service, port }) => `${service?.host} ${port}`));
  for (const service of context.registry.all) {
    if (service.session === null) continue;
    const problem = problemOf(service, (port) => routed.has(`${service.host} ${port}`));
    if (problem === null) continue;
    const [message, help] = problem;
    const at = service.resource.position(sessionLabelPath(service), 'key');
    context.sink.report('warning', 'unused-session-label', at, `${message}, so this label gives no sessions`, help);
  }
}

function problemOf(
  { host, ports }: IstioService,
  isRouted: (port: number) => boolean,
): readonly [message: string, help: string] | null {
  if (ports.length > 0 && ports.every(({ protocol }) => NOT_HTTP.has(protocol))) {
    const protocols = ports.map(({ number, protocol }) => `${number} ${protocol}`).join(', ');
    return [`no port of ${host} carries HTTP (${protocols})`, 'Name the port http-..., or set appProtocol: http.'];
  }
  if (ports.length === 0) return [`${host} has no port`, 'Give the Service a port that carries HTTP.'];
  if (!ports.some(({ number }) => isRouted(number))) {
    const help =
      'Sessions are a matter of routes: name the Service as the destination of one, with a port that it has.';
    return [`no HTTP route of this gateway leads to a port of ${host}`, help];
  }
  return null;
}
