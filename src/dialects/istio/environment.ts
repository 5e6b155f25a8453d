import type { IstioOptions } from './options.ts';

/** Istio's environment, whose switches the options below stand for. */
export type IstioEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The options that istiod's environment variables ask for, with its own defaults where one is not set. Other variables
 * have no meaning here; a switch that is neither true nor false counts as not set, as in istiod.
 */
export function readEnvironment(environment: IstioEnvironment): Partial<IstioOptions> {
  const isOn = (name: string, byDefault: boolean): boolean => SWITCHES[environment[name] ?? ''] ?? byDefault;
  return {
    persistentSessions: isOn('PILOT_ENABLE_PERSISTENT_SESSION_FILTER', false),
    sessionLabels: {
      cookie: environment['PILOT_PERSISTENT_SESSION_LABEL'] ?? 'istio.io/persistent-session',
      header: environment['PILOT_PERSISTENT_SESSION_HEADER_LABEL'] ?? 'istio.io/persistent-session-header',
    },
    drainingLabel: environment['PILOT_DRAINING_LABEL'] ?? 'istio.io/draining',
    sendUnhealthyEndpoints: isOn('PILOT_SEND_UNHEALTHY_ENDPOINTS', false),
    ownGatewaysOnly: isOn('PILOT_SCOPE_GATEWAY_TO_NAMESPACE', false),
    collapseHosts: isOn('PILOT_ENABLE_ROUTE_COLLAPSE_OPTIMIZATION', true),
    alwaysLocalityWeighted: isOn('ENABLE_LOCALITY_WEIGHTED_LB_CONFIG', false),
    allClusters: !isOn('PILOT_FILTER_GATEWAY_CLUSTER_CONFIG', false),
  };
}

/** The words of Go's strconv.ParseBool. */
const SWITCHES: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false])),
};
