import { stringify } from 'yaml';
import { DEFAULT_ISTIO_OPTIONS, type IstioOptions } from '../../../src/dialects/istio/options.ts';
import { Fields, NotUnderstood } from '../replay/fields.ts';
import type { CaseSettings } from './recorded-case.ts';

/** What Limpet is told of the gateway and its mesh. A setting without a meaning here makes the case fail. */
export function toIstioOptions(settings: CaseSettings): IstioOptions {
  return {
    ...DEFAULT_ISTIO_OPTIONS,
    // Istio makes a cluster of every visible port and subset, used or not.
    allClusters: true,
    ...readProxy(new Fields(settings.proxy ?? {}, 'proxy')),
    ...readEnvironment(new Fields(settings.env ?? {}, 'env')),
  };
}

function readProxy(proxy: Fields): Partial<IstioOptions> {
  const namespace = proxy.stringOr('namespace', DEFAULT_ISTIO_OPTIONS.namespace);
  const [region = '', zone = '', subZone = ''] = proxy.stringOr('locality', '').split('/');
  const labels = { ...DEFAULT_ISTIO_OPTIONS.labels, ...readLabels(proxy) };
  proxy.end();
  return { namespace, labels, locality: { region, zone, subZone } };
}

function readLabels(proxy: Fields): Record<string, string> {
  const labels = proxy.objectOrEmpty('labels');
  return Object.fromEntries(labels.names.map((name) => [name, labels.string(name)]));
}

/** MeshConfig as a cluster keeps it, in a ConfigMap; empty: the defaults. */
export function toMeshManifest({ mesh = '' }: CaseSettings): string {
  if (mesh === '') return '';
  const namespace = DEFAULT_ISTIO_OPTIONS.rootNamespace;
  return stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'istio', namespace }, data: { mesh } });
}

function readEnvironment(env: Fields): Partial<IstioOptions> {
  const flag = (name: string, byDefault: boolean): boolean => {
    const text = env.stringOr(name, String(byDefault));
    if (text !== 'true' && text !== 'false') throw new NotUnderstood(`${env.pathOf(name)}: ${text}`);
    return text === 'true';
  };
  const options = {
    persistentSessions: flag('PILOT_ENABLE_PERSISTENT_SESSION_FILTER', true),
    allClusters: !flag('PILOT_FILTER_GATEWAY_CLUSTER_CONFIG', false),
  };
  // Its filter is left out of the comparison with all that Istio adds to Envoy.
  env.ignore('PILOT_ENABLE_ALPN_FILTER');
  env.end();
  return options;
}
