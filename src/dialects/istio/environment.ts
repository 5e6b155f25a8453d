import { DEFAULT_ISTIO_OPTIONS, type IstioOptions, type IstioSetting } from './options.ts';
import { isLabelKey } from './rules-names.ts';

/** istiod's environment, whose variables some of the options stand for. */
export type IstioEnvironment = Readonly<Record<string, string | undefined>>;

/** A variable of istiod's environment. */
export interface IstioVariable extends IstioSetting {
  /** What istiod takes where it is not set; `byDefault` is what holds here. */
  readonly istiodDefault: string;
}

export const ISTIO_VARIABLES: readonly IstioVariable[] = [
  switchVariable(
    'PILOT_ENABLE_PERSISTENT_SESSION_FILTER',
    { istiodDefault: 'false', byDefault: 'true' },
    (persistentSessions) => ({ persistentSessions }),
    'session labels of Services give sessions',
  ),
  labelVariable(
    'PILOT_PERSISTENT_SESSION_LABEL',
    same('istio.io/persistent-session'),
    (cookie, { sessionLabels = DEFAULT_ISTIO_OPTIONS.sessionLabels }) => ({
      sessionLabels: { ...sessionLabels, cookie },
    }),
    'label that names a session cookie',
  ),
  labelVariable(
    'PILOT_PERSISTENT_SESSION_HEADER_LABEL',
    same('istio.io/persistent-session-header'),
    (header, { sessionLabels = DEFAULT_ISTIO_OPTIONS.sessionLabels }) => ({
      sessionLabels: { ...sessionLabels, header },
    }),
    'label that names a session header',
  ),
  labelVariable(
    'PILOT_DRAINING_LABEL',
    same('istio.io/draining'),
    (drainingLabel) => ({ drainingLabel }),
    'label of pods that take no new sessions',
  ),
  switchVariable(
    'PILOT_SEND_UNHEALTHY_ENDPOINTS',
    same('false'),
    (sendUnhealthyEndpoints) => ({ sendUnhealthyEndpoints }),
    'endpoints that are not ready are known',
  ),
  switchVariable(
    'PILOT_SCOPE_GATEWAY_TO_NAMESPACE',
    same('false'),
    (ownGatewaysOnly) => ({ ownGatewaysOnly }),
    "only Gateways of the gateway's namespace count",
  ),
  switchVariable(
    'PILOT_ENABLE_ROUTE_COLLAPSE_OPTIMIZATION',
    same('true'),
    (collapseHosts) => ({ collapseHosts }),
    'hosts with the same routes share a virtual host',
  ),
  switchVariable(
    'PILOT_FILTER_GATEWAY_CLUSTER_CONFIG',
    { istiodDefault: 'false', byDefault: 'true' },
    (usedOnly) => ({ allClusters: !usedOnly }),
    'no clusters but those that routes use',
  ),
  switchVariable(
    'ENABLE_LOCALITY_WEIGHTED_LB_CONFIG',
    same('false'),
    (alwaysLocalityWeighted) => ({ alwaysLocalityWeighted }),
    'weights of localities always count',
  ),
];

/**
 * The options that istiod's environment asks for, with its own defaults where a variable is not set. Other variables
 * have no meaning here; a switch that is neither true nor false counts as not set, as in istiod.
 */
export function readEnvironment(environment: IstioEnvironment): Partial<IstioOptions> {
  return ISTIO_VARIABLES.reduce<Partial<IstioOptions>>(
    (options, { name, istiodDefault, set }) =>
      set(options, environment[name] ?? istiodDefault) ?? set(options, istiodDefault) ?? options,
    {},
  );
}

type Defaults = Pick<IstioVariable, 'istiodDefault' | 'byDefault'>;

function same(value: string): Defaults {
  return { istiodDefault: value, byDefault: value };
}

function switchVariable(
  name: string,
  defaults: Defaults,
  toOptions: (isOn: boolean) => Partial<IstioOptions>,
  description: string,
): IstioVariable {
  const set: IstioVariable['set'] = (options, text) => {
    const isOn = SWITCHES.get(text);
    return isOn === undefined ? null : { ...options, ...toOptions(isOn) };
  };
  return { name, description, ...defaults, howToWrite: 'true or false', set };
}

/** An empty name switches the label off. */
function labelVariable(
  name: string,
  defaults: Defaults,
  toOptions: (key: string, options: Partial<IstioOptions>) => Partial<IstioOptions>,
  description: string,
): IstioVariable {
  const set: IstioVariable['set'] = (options, text) =>
    text === '' || isLabelKey(text) ? { ...options, ...toOptions(text, options) } : null;
  return { name, description, ...defaults, howToWrite: 'the name of a label, or nothing for none', set };
}

/** The words of Go's strconv.ParseBool. */
const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((word) => [word, false] as const),
]);
