import type { Cluster } from '../model/cluster.ts';
import type { Route } from '../model/route.ts';
import type { FieldPath, Resource } from './resource.ts';
import type { ServicePortRef } from './session-targets.ts';

/** A reference to an object from a field of another. */
export interface ObjectReference {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly resource: Resource;
  readonly path: FieldPath;
}

/** One rule of an HTTPRoute, as policies see it. */
export interface RouteTarget {
  readonly route: Resource;
  readonly ruleIndex: number;
  readonly rulePath: FieldPath;
  /** The Gateway that serves it is of the system's own class. */
  readonly isOwnGateway: boolean;
  /** The rule's ExtensionRef filters, in order. */
  readonly extensions: readonly ObjectReference[];
  /** The rule sets a time limit itself. */
  readonly hasTimeout: boolean;
}

/**
 * What a system built on the Gateway API adds to it, in the model's terms. The Gateway API dialect asks; it knows of
 * no system by name, and no system knows how routes are sorted or merged.
 */
export interface GatewayAttachment {
  /** Whether Gateways of this class are the system's: its own defaults then apply to all they serve. */
  ownsClass(className: string, controllerName: string): boolean;
  /** `server` header of responses from its own Gateways. */
  readonly serverHeader: string | null;
  /** The kinds that a backendRef may name beside Service. */
  readonly backendKinds: readonly (readonly [group: string, kind: string])[];
  /** Name of the backend's cluster, which then is among `clusters`; null: there is no such object, or it is broken. */
  backend(reference: ObjectReference): string | null;
  /** The kinds that an ExtensionRef filter may name. */
  readonly filterKinds: readonly (readonly [group: string, kind: string])[];
  /** The finished route of a rule with the system's policies and defaults applied. */
  apply(target: RouteTarget, route: Route): Route;
  /** What `backend` was asked for. */
  clusters(): readonly Cluster[];
  /** The Services behind those clusters, by the clusters' names. */
  services(): ReadonlyMap<string, ServicePortRef>;
}

export function includesKind(
  kinds: readonly (readonly [group: string, kind: string])[],
  group: string,
  kind: string,
): boolean {
  return kinds.some(([ownGroup, ownKind]) => ownGroup === group && ownKind === kind);
}
