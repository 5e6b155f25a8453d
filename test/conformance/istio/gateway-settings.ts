import { stringify } from 'yaml';
import { readEnvironment } from '../../../src/dialects/istio/environment.ts';
import { DEFAULT_ISTIO_OPTIONS, type IstioOptions } from '../../../src/dialects/istio/options.ts';
import { Fields } from '../replay/fields.ts';
import type { CaseSettings } from './recorded-case.ts';

/** Istio's own default is off; the recordings are made with it on. */
const RECORDED_ENVIRONMENT = { PILOT_ENABLE_PERSISTENT_SESSION_FILTER: 'true' };

/** What Limpet is told of the gateway and its control plane. */
export function toIstioOptions({ env, proxy }: CaseSettings): IstioOptions {
  return {
    ...DEFAULT_ISTIO_OPTIONS,
    ...readEnvironment({ ...RECORDED_ENVIRONMENT, ...env }),
    ...readProxy(new Fields(proxy ?? {}, 'proxy')),
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
