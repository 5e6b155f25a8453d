import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { DiagnosticSink } from '../diagnostics/sink.ts';
import type { Cluster } from '../model/cluster.ts';
import type { FilterChain } from '../model/listener.ts';
import type { Model } from '../model/model.ts';
import type { Origin } from '../model/origin.ts';

/**
 * What of a model the embedded gateway does not serve, as warnings at the lines that ask for it: the files are right, and
 * a real Envoy serves them.
 */
export function findUnserved({ listeners, clusters }: Model): Diagnostic[] {
  const sink = new DiagnosticSink();
  for (const chain of listeners.flatMap((listener) => listener.chains)) {
    const fault = chainFault(chain);
    if (fault !== null) report(sink, chain.origin, `the embedded gateway does not serve ${fault} yet`);
  }
  for (const cluster of clusters) {
    const at = cluster.protocol.origin ?? cluster.origin;
    for (const remark of clusterRemarks(cluster)) {
      report(sink, at, `the embedded gateway ${remark} (cluster ${cluster.name})`);
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

function clusterRemarks(cluster: Cluster): string[] {
  const fault = clusterFault(cluster);
  if (fault !== null) return [`does not speak ${fault} to endpoints yet, so requests to them are answered 503`];
  const { http, keepalive, maxDurationMillis } = cluster.protocol;
  const remarks: string[] = [];
  if (http === 'http2') remarks.push('speaks HTTP/1.1 where HTTP/2 is asked for');
  if (keepalive !== null) remarks.push('leaves keep-alive probes to the system');
  if (maxDurationMillis !== null) remarks.push('has no limit on the age of connections');
  return remarks;
}

function report(sink: DiagnosticSink, { source, line, column }: Origin, message: string): void {
  sink.report('warning', 'unsupported-field', { source, line, column, endColumn: column }, message, SERVED_BY);
}
