import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { ObjectReference } from '../../resources/attachment.ts';
import { decodeSpec } from '../../resources/decode.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { referenceGrantSpec } from './schema-gateway.ts';

/** Whether an object may be referred to from where it is: always in its own namespace, else by a ReferenceGrant there. */
export type Grants = (reference: ObjectReference) => boolean;

export function resolveGrants(resources: ResourceSet, sink: DiagnosticSink): Grants {
  const grants = resources.ofKind('gateway.networking.k8s.io', 'ReferenceGrant').flatMap((resource) => {
    const spec = decodeSpec(resource, referenceGrantSpec, sink);
    return spec === null ? [] : [{ namespace: resource.metadata.namespace, spec }];
  });
  return ({ group, kind, namespace, name, resource }) => {
    const from = resource.metadata.namespace;
    if (namespace === from) return true;
    return grants.some(
      (grant) =>
        grant.namespace === namespace &&
        grant.spec.from.some(
          (who) => who.group === resource.group && who.kind === resource.kind && who.namespace === from,
        ) &&
        grant.spec.to.some((to) => to.group === group && to.kind === kind && (to.name === null || to.name === name)),
    );
  };
}
