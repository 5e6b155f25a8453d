import type { Host } from '../../affinity/host.ts';
import type { Endpoint } from '../../model/cluster.ts';
import type { RuntimeCluster } from '../compiled-route.ts';
import type { UpstreamHost } from '../upstream-host.ts';

/** Who a pod is: the same for all its endpoints and for no other pod, as far as the source knows. */
export interface PodName {
  /** Empty where the source knows none. */
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Of an endpoint without uid and name; else empty. */
  readonly address: string;
}

/** A pod with all its endpoints, of all clusters and ports. */
export interface Pod {
  readonly name: PodName;
  readonly hosts: readonly Host<UpstreamHost>[];
}

export function podNameOf({ identity, address }: Endpoint): PodName {
  const { uid, namespace, name } = identity;
  return { uid, namespace, name, address: uid === '' && name === '' ? address : '' };
}

/** By its uid where there is one: a pod of the same name, or at the same address, that came after it is another. */
export function toPodKey({ uid, namespace, name, address }: PodName): string {
  if (uid !== '') return `uid ${uid}`;
  return name === '' ? `address ${address}` : `name ${namespace}/${name}`;
}

export function listPods(clusters: Iterable<RuntimeCluster>): ReadonlyMap<string, Pod> {
  const pods = new Map<string, { readonly name: PodName; readonly hosts: Host<UpstreamHost>[] }>();
  for (const { balancer } of clusters) {
    for (const host of balancer.hosts) {
      const name = podNameOf(host.endpoint);
      const key = toPodKey(name);
      const pod = pods.get(key);
      if (pod === undefined) pods.set(key, { name, hosts: [host] });
      else pod.hosts.push(host);
    }
  }
  return pods;
}

/** Whether a user's text means the pod: an address, with port or without, or its name, `namespace/name` or uid. */
export function isMeant(text: string, name: PodName, endpoints: readonly Endpoint[]): boolean {
  if (text === '') return false;
  if (text === name.uid || text === name.name || text === formatPod(name) || text === name.address) return true;
  return endpoints.some(({ address, host }) => text === address || text === host);
}

/** `namespace/name`; empty where the source knows no name. */
export function formatPod({ namespace, name }: PodName): string {
  if (name === '') return '';
  return namespace === '' ? name : `${namespace}/${name}`;
}
