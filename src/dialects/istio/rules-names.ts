import { parseIpAddress } from '../../model/address.ts';

/** Istio's rules for names (pkg/config/validation/agent, pkg/config/labels); each says what is wrong, or null. */

const LABEL = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/i;
const WILDCARD_LABEL = /^(?:\*|(?:\*-?)?[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)$/i;
const MAX_LABEL = 63;
const MAX_NAME = 255;
const QUALIFIED = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const MAX_KEY_PREFIX = 253;
const MAX_KEY_NAME = 63;

export const HOST_HELP = 'Write a DNS name such as shop.example.com, without scheme, port or path.';
export const PORT_HELP = 'Write a port from 1 to 65535.';

/** Upper case counts as a label too, as Istio has it. */
export function isDnsLabel(text: string): boolean {
  return text.length <= MAX_LABEL && LABEL.test(text);
}

/** The key of a Kubernetes label: a name, or a DNS name, `/` and a name. */
export function isLabelKey(key: string): boolean {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  const isPrefixed = slash === -1 || (slash <= MAX_KEY_PREFIX && key.slice(0, slash).split('.').every(isDnsLabel));
  return isPrefixed && name.length <= MAX_KEY_NAME && QUALIFIED.test(name);
}

/** A label's value, of any length; the empty one is a value. */
export function isLabelValue(text: string): boolean {
  return text === '' || QUALIFIED.test(text);
}

export function isIp(text: string): boolean {
  return parseIpAddress(text.replace(/(?<=:.*)%[^/]+$/, '')) !== null;
}

/** A name without wildcard; a dot at its end is fine. */
export function domainProblem(name: string): string | null {
  return lengthProblem(name) ?? labelsProblem(name);
}

/** A name whose first label may be `*`, `*name` or `*-name`. */
export function wildcardDomainProblem(name: string): string | null {
  const fault = lengthProblem(name);
  if (fault !== null) return fault;
  const dot = name.indexOf('.');
  const first = dot === -1 ? name : name.slice(0, dot);
  if (first.length > MAX_LABEL || !WILDCARD_LABEL.test(first)) return labelFault(first);
  return dot === -1 ? null : labelsProblem(name.slice(dot + 1));
}

function lengthProblem(name: string): string | null {
  if (name === '') return 'must not be empty';
  return name.length > MAX_NAME ? `is longer than ${MAX_NAME} characters` : null;
}

function labelsProblem(name: string): string | null {
  const labels = name.split('.');
  const last = labels.at(-1) ?? '';
  if (/^[+-]?\d+$/.test(last)) return `must not end in the number ${last}: that is no name`;
  const wrong = labels.find((label, index) => !isDnsLabel(label) && !(label === '' && index === labels.length - 1));
  return wrong === undefined ? null : labelFault(wrong);
}

function labelFault(label: string): string {
  if (/[:/]/.test(label)) return 'must be a host name alone, without scheme, port or path';
  if (label === '') return 'has two dots in a row, or one at its beginning';
  if (label.includes('*')) return 'may have a * only at its very beginning';
  return `has the part ${JSON.stringify(label)}, which is no DNS label (letters, digits and - inside, 63 at most)`;
}

/** An address, or a range such as 10.0.0.0/8. */
export function subnetProblem(text: string): string | null {
  const [address = '', bits, ...more] = text.split('/');
  const ip = parseIpAddress(address);
  if (bits === undefined) return isIp(text) ? null : 'must be an IP address or a range such as 10.0.0.0/8';
  const width = ip?.version === 4 ? 32 : 128;
  const isRange = more.length === 0 && ip !== null && /^(?:0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= width;
  return isRange ? null : 'must be a range such as 10.0.0.0/8';
}

export function portProblem(port: number): string | null {
  return port >= 1 && port <= 65535 ? null : `must be a port from 1 to 65535, not ${port}`;
}

export type Protocol = 'http' | 'tls' | 'tcp' | 'udp';

const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  http: 'http',
  http2: 'http',
  http_proxy: 'http',
  grpc: 'http',
  'grpc-web': 'http',
  https: 'tls',
  tls: 'tls',
  tcp: 'tcp',
  mongo: 'tcp',
  redis: 'tcp',
  mysql: 'tcp',
  udp: 'udp',
};

/** The family of a protocol's name; null: Istio does not know it. */
export function protocolOf(name: string): Protocol | null {
  const key = name.toLowerCase();
  return Object.hasOwn(PROTOCOLS, key) ? (PROTOCOLS[key] ?? null) : null;
}

/**
 * Whether every name that `inner` stands for is one that `outer` stands for; `*.a.com` does not cover `a.com`, and
 * `*a.com` does.
 */
export function covers(outer: string, inner: string): boolean {
  if (!outer.startsWith('*')) return outer === inner;
  const tail = outer.slice(1);
  return inner.startsWith('*') ? inner.length >= outer.length && inner.slice(1).endsWith(tail) : inner.endsWith(tail);
}
