import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { nameOf } from '../../resources/resource.ts';
import type { GatewayServer, ServerHost } from './gateway-server.ts';

/** The servers that share one address and port. */
export interface GatewayPort {
  /** What is listened on: the gateway Service may translate the declared port. */
  readonly port: number;
  readonly bind: string;
  /** Never empty; the older Gateway's first. */
  readonly servers: readonly GatewayServer[];
}

interface SharedPort extends GatewayPort {
  readonly servers: GatewayServer[];
  /** Hosts that a server with TLS settings has taken. */
  readonly taken: Map<string, GatewayServer>;
}

/**
 * Which servers go together on one port (istio-affinity §2): plain HTTP with plain HTTP, TLS with TLS where no host is
 * taken twice. What a server before it rules out is left out whole, with an error. A plain text server may come after
 * TLS servers, not before.
 */
export class PortMerger {
  readonly #ports = new Map<string, SharedPort>();
  readonly #sink: DiagnosticSink;

  constructor(sink: DiagnosticSink) {
    this.#sink = sink;
  }

  get ports(): readonly GatewayPort[] {
    return [...this.#ports.values()];
  }

  /** `port` is what is listened on. */
  add(server: GatewayServer, port: number): void {
    const bind = server.bind || '0.0.0.0';
    const key = `${bind}:${port}`;
    const shared = this.#ports.get(key) ?? { port, bind, servers: [], taken: new Map<string, GatewayServer>() };
    if (!this.#takeHosts(shared, server) || !this.#agrees(shared, server)) return;
    shared.servers.push(server);
    this.#ports.set(key, shared);
  }

  /** Hosts of servers with TLS settings become what connections are told apart by; a redirect to https counts, too. */
  #takeHosts({ taken }: SharedPort, server: GatewayServer): boolean {
    if (server.tls === null) return true;
    const hosts = server.hosts.map(formatHost);
    const index = hosts.findIndex((host) => taken.has(host));
    const owner = taken.get(hosts[index] ?? '');
    if (owner === undefined) {
      for (const host of hosts) taken.set(host, server);
      return true;
    }
    const message = `host ${hosts[index]} on port ${server.port} is already taken by Gateway ${owner.gateway}; this server is left out with all its hosts`;
    const help = 'Give it hosts that no other server with tls on this port has.';
    const at = server.resource.position([...server.path, 'hosts', index]);
    this.#sink.report('warning', 'conflict', at, message, help);
    return false;
  }

  #agrees({ servers }: SharedPort, server: GatewayServer): boolean {
    const plain = servers.find(isPlain);
    if (plain === undefined || (plain.kind === 'http' && server.kind === 'http')) return true;
    const message = `port ${server.port} already serves another protocol for Gateway ${nameOf(plain.resource)}; this server is left out`;
    const at = server.resource.position([...server.path, 'port']);
    this.#sink.report('warning', 'conflict', at, message, 'Use another port, or the same protocol on both.');
    return false;
  }
}

function isPlain({ kind, tls }: GatewayServer): boolean {
  return kind === 'http' || tls === null;
}

function formatHost({ namespace, host }: ServerHost): string {
  return namespace === null ? host : `${namespace}/${host}`;
}
