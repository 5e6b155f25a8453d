import { emitHashPolicy } from './emit-cluster.ts';
import type { Forward } from './lint-routes.ts';
import type { ActionContext } from './resolve-destination.ts';

/** Destinations of one route that hash different keys: the policies of all are one list (istio-affinity §4). */
export function lintWeights({ sink }: ActionContext, forwards: readonly Forward[]): void {
  for (const { targets, resource, path } of forwards) {
    const hashes = targets
      .filter(({ weight }) => weight > 0)
      .flatMap(({ hash }) => (hash === null ? [] : [hash.value]));
    const keys = new Set(hashes.map((hash) => JSON.stringify(emitHashPolicy(hash))));
    if (keys.size < 2) continue;
    const message =
      'the destinations of this route hash different keys: Istio puts them all on the route, where they are combined, so a change of one key moves a client in every destination';
    const help = 'Give all DestinationRules of the route the same key.';
    sink.report('warning', 'mixed-hash-keys', resource.position([...path, 'route'], 'key'), message, help);
  }
}
