import { canonicalIp } from '../model/address.ts';
import { problem, type Schema, text } from './schema.ts';

const MAX_LENGTH = 253;
const MAX_LABEL = 63;

/** What is wrong with a DNS name (RFC 1123 labels), as text for the user, or null. */
export function dnsNameProblem(name: string): string | null {
  const labels = name.replace(/\.$/, '').split('.');
  if (name.length <= MAX_LENGTH && labels.every(isLabel)) return null;
  return name.includes(':') || name.includes('/')
    ? 'must be a host name alone, without scheme, port or path'
    : 'must be a host name of letters, digits and - between dots';
}

/** A hostname of the Gateway API: lower case, no address, `*.` alone as a wildcard. */
export const gatewayHostname: Schema<string> = problem(text, gatewayHostnameProblem);

export function gatewayHostnameProblem(name: string): string | null {
  if (canonicalIp(name) !== null) return 'must be a name';
  if (name !== name.toLowerCase()) return 'must be lower case';
  return dnsNameProblem(name.replace(/^\*\./, ''));
}

function isLabel(label: string): boolean {
  return label.length <= MAX_LABEL && /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/i.test(label);
}
