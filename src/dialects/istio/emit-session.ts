import type { SessionPolicy } from '../../model/affinity.ts';
import type { SessionLabel } from './istio-service.ts';

/** Envoy's plain address token, kept for the browser's session (istio-affinity §8). */
export function emitSession(label: SessionLabel): SessionPolicy {
  const carrier: SessionPolicy['carriers'][number] =
    label.kind === 'header'
      ? { kind: 'header', name: label.name }
      : { kind: 'cookie', cookie: { name: label.name, ttlMillis: 0, path: label.path, attributes: [] } };
  return { carriers: [carrier], token: { kind: 'address' }, onLost: { kind: 'rehome' } };
}
