import { wildcardDomainProblem } from './rules-names.ts';

/** Names that Istio itself makes for AUTO_PASSTHROUGH begin with `outbound_`. */
export function sniProblem(host: string): string | null {
  if (!host.startsWith('outbound_') || host.length > 255) return wildcardDomainProblem(host);
  const [, port = '', , name = ''] = host.split('_');
  const isWhole = host.split('_').length >= 4 && /\d/.test(port) && /[a-zA-Z]/.test(name);
  return isWhole ? null : 'must have the form outbound_.PORT_.SUBSET_.HOST';
}
