import type { Diagnostic, Severity } from '../diagnostics/diagnostic.ts';
import { DiagnosticSink } from '../diagnostics/sink.ts';
import type { Cluster } from '../model/cluster.ts';
import type { FilterChain } from '../model/listener.ts';
import type { Model } from '../model/model.ts';
import type { Origin } from '../model/origin.ts';

/**
 * What of a model the embedded gateway does not serve, at the lines that ask for it. A server that is left out is a
 * warning, as those beside it are served; where none is left, and where requests would have nowhere to go, an error.
 */
export function findUnserved({ listeners, clusters }: Model): Diagnostic[] {
  const sink = new DiagnosticSink();
  const chains = listeners.flatMap((listener) => listener.chains);
  const severity: Severity = chains.some((chain) => chainFault(chain) === null) ? 'warning' : 'error';
  for (const chain of chains) {
    const fault = chainFault(chain);
    if (fault !== null)
      report(sink, severity, chain.origin, `the embedded gateway does not serve ${fault} yet`, SERVED_BY);
  }
  for (const cluster of clusters) {
    const fault = clusterFault(cluster);
    const at = cluster.protocol.origin ?? cluster.origin;
    const message = `the embedded gateway does not speak ${fault} to endpoints yet, so cluster ${cluster.name} has none`;
    if (fault !== null) report(sink, 'error', at, message, `Its requests are answered 503. ${SERVED_BY}`);
    if (fault !== null) continue;
    for (const remark of clusterRemarks(cluster)) {
      report(sink, 'warning', at, `the embedded gateway ${remark} (cluster ${cluster.name})`, SERVED_BY);
    }
  }
  return sink.sorted();
}

const SERVED_BY = '`limpet convert --to envoy` has it.';

/** What the gateway serves of a cluster: one that asks for what can't be done has no endpoints, never plain text ones. */
export function servedPart(cluster: Cluster): Cluster {
  return clusterFault(cluster) === null ? cluster : { ...cluster, groups: [] };
}

function chainFault({ tls, proxy }: FilterChain): string | null {
  if (tls !== null) return 'TLS';
  return proxy.kind === 'tcp' ? 'connections that are no HTTP' : null;
}

function clusterFault({ discovery, protocol }: Cluster): string | null {
  if (protocol.tls !== null) return 'TLS';
  if (protocol.proxyHeader !== null) return 'the PROXY protocol';
  return discovery.kind === 'originalDestination' ? 'PASSTHROUGH' : null;
}

/** What is done otherwise without harm to who may read what. */
function clusterRemarks({ protocol }: Cluster): string[] {
  const remarks: string[] = [];
  if (protocol.http === 'http2') remarks.push('speaks HTTP/1.1 where HTTP/2 is asked for');
  if (protocol.keepalive !== null) remarks.push('leaves keep-alive probes to the system');
  if (protocol.maxDurationMillis !== null) remarks.push('has no limit on the age of connections');
  return remarks;
}

function report(sink: DiagnosticSink, severity: Severity, at: Origin, message: string, help: string): void {
  const { source, line, column } = at;
  sink.report(severity, 'unsupported-field', { source, line, column, endColumn: column }, message, help);
}
