import { nearestName } from '../../resources/nearest-name.ts';
import { ISTIO_VARIABLES } from './environment.ts';
import type { IstioOptions, IstioSetting } from './options.ts';
import { domainProblem, isDnsLabel, isLabelKey, isLabelValue } from './rules-names.ts';

/** In the order of the documentation; variables of istiod go by their own names. */
export const ISTIO_SETTINGS: readonly IstioSetting[] = [
  {
    name: 'namespace',
    description: 'namespace of the gateway',
    byDefault: 'istio-system',
    howToWrite: 'a namespace, such as istio-ingress',
    set: (options, text) => (isNamespace(text) ? { ...options, namespace: text } : null),
  },
  {
    name: 'labels',
    description: 'labels of its pod; those that are given replace the default ones',
    byDefault: 'istio=ingressgateway,app=istio-ingressgateway',
    howToWrite: 'KEY=VALUE pairs between commas, such as istio=ingress,app=edge',
    set: addLabels,
  },
  {
    name: 'locality',
    description: 'where it runs: REGION/ZONE/SUBZONE',
    byDefault: '',
    howToWrite: 'REGION, REGION/ZONE or REGION/ZONE/SUBZONE',
    set: setLocality,
  },
  {
    name: 'root-namespace',
    description: 'namespace of the ConfigMap istio and of rules for the whole mesh',
    byDefault: 'istio-system',
    howToWrite: 'a namespace, such as istio-system',
    set: (options, text) => (isNamespace(text) ? { ...options, rootNamespace: text } : null),
  },
  {
    name: 'revision',
    description: 'revision of istiod: its MeshConfig is in the ConfigMap istio-REVISION',
    byDefault: '',
    howToWrite: 'a revision, such as canary',
    set: (options, text) => (isNamespace(text) ? { ...options, revision: text } : null),
  },
  {
    name: 'cluster-domain',
    description: 'what the full names of Services end in',
    byDefault: 'cluster.local',
    howToWrite: 'a domain, such as cluster.local',
    set: (options, text) => (isDomain(text) ? { ...options, clusterDomain: text } : null),
  },
  ...ISTIO_VARIABLES,
];

/** `options` with `name=value` from a user, or a sentence that says what is wrong with that. */
export function setIstioOption(
  options: Partial<IstioOptions>,
  name: string,
  value: string,
): Partial<IstioOptions> | string {
  const setting = ISTIO_SETTINGS.find((each) => each.name === name);
  if (setting !== undefined) return setting.set(options, value) ?? `${name}: write ${setting.howToWrite}.`;
  const known = ISTIO_SETTINGS.map((each) => each.name);
  const meant = nearestName(name, known);
  return `There is no setting ${name}. ${meant === null ? `Known: ${known.join(', ')}.` : `Did you mean ${meant}?`}`;
}

/** Names of namespaces are in lower case, unlike what Istio takes for a DNS label. */
function isNamespace(text: string): boolean {
  return isDnsLabel(text) && text === text.toLowerCase();
}

function isDomain(text: string): boolean {
  return domainProblem(text) === null && text === text.toLowerCase() && !text.endsWith('.');
}

function addLabels({ labels = {}, ...options }: Partial<IstioOptions>, text: string): Partial<IstioOptions> | null {
  const pairs = text.split(',').map((pair) => /^([^=]*)=(.*)$/.exec(pair)?.slice(1) ?? ['', '']);
  const areLabels = pairs.every(([key = '', value = '']) => isLabelKey(key) && isLabelValue(value));
  return areLabels ? { ...options, labels: { ...labels, ...Object.fromEntries(pairs) } } : null;
}

function setLocality(options: Partial<IstioOptions>, text: string): Partial<IstioOptions> | null {
  const parts = text.split('/');
  const [region = '', zone = '', subZone = ''] = parts;
  const isLocality = parts.length <= 3 && parts.every((part) => part !== '' && isLabelValue(part));
  return isLocality ? { ...options, locality: { region, zone, subZone } } : null;
}
