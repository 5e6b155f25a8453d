import { covers } from './rules-names.ts';

/** A host name as Istio completes it: one without a dot is a Service of the namespace it stands in (istio-affinity §2). */
export function toFullHost(host: string, namespace: string, clusterDomain: string): string {
  if (host.includes('.') || host.startsWith('*') || host.includes(':')) return host.toLowerCase();
  return `${host}.${namespace}.svc.${clusterDomain}`.toLowerCase();
}

export function isWildcard(host: string): boolean {
  return host.startsWith('*');
}

/** The narrower of two overlapping host patterns, or null where they share no name. */
export function intersectHosts(a: string, b: string): string | null {
  if (covers(a, b)) return b;
  return covers(b, a) ? a : null;
}

/** What an object says of its visibility, or the mesh where it says nothing. */
export function orDefault(exportTo: readonly string[], meshDefault: readonly string[]): readonly string[] {
  return exportTo.length > 0 ? exportTo : meshDefault;
}

/** Whether an object may be seen from a namespace; an empty `exportTo` exports to all. */
export function isExportedTo(exportTo: readonly string[], ownNamespace: string, namespace: string): boolean {
  if (exportTo.length === 0) return true;
  return exportTo.some((to) => to === '*' || (to === '.' && ownNamespace === namespace) || to === namespace);
}

/** `namespace/name` of a Gateway named in a VirtualService, or null for `mesh`, which is no gateway. */
export function toGatewayName(reference: string, namespace: string): string | null {
  if (reference === 'mesh') return null;
  if (reference.includes('/')) return reference;
  // The form of the first Istio releases: name.namespace.svc...
  const [name = '', legacyNamespace] = reference.split('.');
  return legacyNamespace === undefined ? `${namespace}/${reference}` : `${legacyNamespace}/${name}`;
}
