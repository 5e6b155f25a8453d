import type { Runtime } from '../runtime.ts';
import type { UpstreamHost } from '../upstream-host.ts';
import { podNameOf, toPodKey } from './pods.ts';

/** Notices hosts that are gone, and addresses that another pod has now: neither has the sessions any more. */
export class PodChanges {
  #known: ReadonlyMap<UpstreamHost, string> = new Map();

  /** Follows a new runtime; null: every host is the pod it was. */
  follow({ clusters }: Runtime): ReadonlySet<UpstreamHost> | null {
    const now = new Map<UpstreamHost, string>();
    for (const { balancer } of clusters.values()) {
      for (const { state, endpoint } of balancer.hosts) now.set(state, toPodKey(podNameOf(endpoint)));
    }
    const gone = new Set<UpstreamHost>();
    for (const [host, pod] of this.#known) if (now.get(host) !== pod) gone.add(host);
    this.#known = now;
    return gone.size === 0 ? null : gone;
  }
}
