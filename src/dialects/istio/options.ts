import { type Locality, NO_LOCALITY } from '../../model/cluster.ts';
import type { IsSessionTarget } from '../../resources/session-targets.ts';
import type { SessionLabelNames } from './istio-service.ts';
import { DEFAULT_MESH_CONFIG, type MeshConfig } from './schema-mesh-config.ts';

/** What Istio knows of the gateway pod and of the mesh, and can't be read off its resources. */
export interface IstioOptions {
  /** Namespace of the gateway: decides which exported resources it sees and which DestinationRule comes first. */
  readonly namespace: string;
  /** Labels of the gateway pod, which a Gateway's `selector` is compared with. */
  readonly labels: Readonly<Record<string, string>>;
  readonly rootNamespace: string;
  /** Revision of the istiod that serves the gateway, whose ConfigMap is `istio-REVISION`; empty: not given. */
  readonly revision: string;
  readonly clusterDomain: string;
  /** Where the gateway runs; decides which endpoints locality load balancing prefers. */
  readonly locality: Locality;
  /** What holds in the whole mesh; the resources' own ConfigMap comes before it. */
  readonly mesh: MeshConfig;
  /** Istio's PILOT_ENABLE_PERSISTENT_SESSION_FILTER: whether session labels give sessions. Off in Istio unless set, on here. */
  readonly persistentSessions: boolean;
  /** PILOT_PERSISTENT_SESSION_LABEL and PILOT_PERSISTENT_SESSION_HEADER_LABEL. */
  readonly sessionLabels: SessionLabelNames;
  /** PILOT_DRAINING_LABEL: a pod that has this label takes no new sessions; empty: none does. */
  readonly drainingLabel: string;
  /** PILOT_SEND_UNHEALTHY_ENDPOINTS: endpoints that are not ready are known, and chosen in no panic. */
  readonly sendUnhealthyEndpoints: boolean;
  /** PILOT_SCOPE_GATEWAY_TO_NAMESPACE: only Gateways of the gateway's own namespace count. */
  readonly ownGatewaysOnly: boolean;
  /** PILOT_ENABLE_ROUTE_COLLAPSE_OPTIMIZATION: hosts with the same routes share a virtual host. */
  readonly collapseHosts: boolean;
  /** ENABLE_LOCALITY_WEIGHTED_LB_CONFIG: weights of localities always count. */
  readonly alwaysLocalityWeighted: boolean;
  /** Emit clusters that no route uses too, as Istio does for a gateway. */
  readonly allClusters: boolean;
  /** Whether what a SessionPolicy needs is kept for an object: endpoints that drain, destinations of weight 0. */
  readonly isSessionTarget: IsSessionTarget;
}

/** A setting of `IstioOptions` as users write it: `name=value`. */
export interface IstioSetting {
  readonly name: string;
  readonly description: string;
  /** As a user would write it; empty: nothing. */
  readonly byDefault: string;
  readonly howToWrite: string;
  /** The options with this value, or null where it is none. */
  readonly set: (options: Partial<IstioOptions>, text: string) => Partial<IstioOptions> | null;
}

export const DEFAULT_ISTIO_OPTIONS: IstioOptions = {
  namespace: 'istio-system',
  labels: { istio: 'ingressgateway', app: 'istio-ingressgateway' },
  rootNamespace: 'istio-system',
  revision: '',
  clusterDomain: 'cluster.local',
  locality: NO_LOCALITY,
  mesh: DEFAULT_MESH_CONFIG,
  persistentSessions: true,
  sessionLabels: { cookie: 'istio.io/persistent-session', header: 'istio.io/persistent-session-header' },
  drainingLabel: 'istio.io/draining',
  sendUnhealthyEndpoints: false,
  ownGatewaysOnly: false,
  collapseHosts: true,
  alwaysLocalityWeighted: false,
  allClusters: false,
  isSessionTarget: () => false,
};
