import type { Endpoint, EndpointHealth, EndpointIdentity } from '../../model/cluster.ts';
import type { Origin } from '../../model/origin.ts';

/** One port of one pod, as Kubernetes lists it behind a Service. Whether it may serve is for the dialect to say. */
export interface KubernetesEndpoint {
  /** Canonical `ip:port`. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly identity: EndpointIdentity;
  readonly hostname: string;
  readonly nodeName: string;
  /** Empty where unknown. */
  readonly zone: string;
  /** Labels of the pod, empty where the pod is not among the resources. */
  readonly labels: Readonly<Record<string, string>>;
  /** Conditions; null where the slice leaves one out. */
  readonly ready: boolean | null;
  readonly serving: boolean | null;
  readonly terminating: boolean | null;
  readonly origin: Origin;
}

/** The model's endpoint, with the health that a dialect gives it. */
export function toEndpoint(found: KubernetesEndpoint, health: EndpointHealth): Endpoint {
  const { address, host, port, identity, hostname, labels, origin } = found;
  return { address, host, port, identity, hostname, hashKey: '', weight: 1, health, labels, origin };
}
