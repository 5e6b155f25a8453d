import { validateRegex } from '../../model/regex.ts';
import { parseGoDuration } from '../../resources/duration.ts';
import type { Findings, Written } from '../../resources/written.ts';
import {
  domainProblem,
  HOST_HELP,
  isDnsLabel,
  isLabelKey,
  isLabelValue,
  PORT_HELP,
  portProblem,
} from './rules-names.ts';

/** Rules that several of Istio's kinds share (pkg/config/validation of Istio 1.30). */

const MAX_SELECTED = 63;

/** Keys and values as Kubernetes labels have them, but without its limit on a value's length. */
export function checkLabels(labels: Written, findings: Findings): void {
  const help =
    'Labels are letters, digits, -, _ and . between letters or digits; a key may begin with a DNS name and /.';
  for (const [key, value] of labels.entries) {
    if (!isLabelKey(key)) findings.refuse(value, 'has a key that no label can have', help, 'key');
    else if (typeof value.value === 'string' && !isLabelValue(value.text))
      findings.refuse(value, `must be a label's value, not ${JSON.stringify(value.text)}`, help);
  }
}

/** Labels that select workloads: no wildcards, and none at all selects everything. */
export function checkSelector(selector: Written, field: 'labels' | 'matchLabels', findings: Findings): void {
  if (!selector.isSet) return;
  const labels = selector.at(field);
  const help = 'Name the labels and their values in full.';
  for (const [key, value] of labels.entries) {
    if (key === '') findings.refuse(value, 'must have a name', help, 'key');
    else if (key.includes('*')) findings.refuse(value, 'must not have a wildcard in its name', help, 'key');
    else if (value.text.includes('*')) findings.refuse(value, 'must not have a wildcard', help);
    else if (value.text.length > MAX_SELECTED)
      findings.refuse(value, `is longer than ${MAX_SELECTED} characters`, help);
  }
  if (labels.entries.length === 0)
    findings.warn('invalid-field', selector, 'has no labels, so it selects every workload of the namespace', help);
}

/** A duration that istiod takes only from 1ms and in whole milliseconds; the schema refuses the shorter ones. */
export function checkDuration(field: Written, findings: Findings): void {
  const millis = parseGoDuration(field.text);
  if (millis !== undefined && millis >= 1 && !Number.isInteger(Number(millis.toFixed(6))))
    findings.refuse(field, `must be in whole milliseconds, not ${field.text}`, 'Round it, as in 250ms.');
}

export function checkPort(field: Written, findings: Findings): void {
  if (typeof field.value === 'number') findings.judge(field, portProblem(field.number), PORT_HELP);
}

/** Names of an optional list may not come up twice; the later one is at fault. */
export function checkUnique(fields: readonly Written[], what: string, findings: Findings): void {
  const seen = new Set<unknown>();
  for (const field of fields) {
    if (!field.isFilled) continue;
    if (seen.has(field.value)) findings.refuse(field, `repeats the ${what} ${field.value}`, 'Give each its own.');
    seen.add(field.value);
  }
}

export function checkRegex(field: Written, findings: Findings): void {
  if (typeof field.value !== 'string') return;
  const help = 'Patterns are RE2: no look-ahead, no back references; test it with Go or RE2.';
  if (field.text === '') findings.refuse(field, 'must not be empty', 'Write a pattern, such as .* for anything.');
  else if (new TextEncoder().encode(field.text).length > MAX_REGEX)
    findings.refuse(field, `is longer than the ${MAX_REGEX} characters a pattern may have`, 'Match a prefix instead.');
  else {
    const reason = validateRegex(field.text);
    if (reason !== null) findings.refuse(field, `can't be used: ${reason}`, help);
  }
}

const MAX_REGEX = 1024;

/** `exact`, `prefix` or `regex`, of which the schema of the resource takes one. */
export function checkOneOf(field: Written, names: readonly string[], findings: Findings): void {
  const [first, ...more] = names.filter((name) => field.at(name).isSet);
  for (const name of more) {
    const rule = `must not stand beside ${first}: only one of ${names.join(', ')} is taken`;
    findings.refuse(field.at(name), rule, `Keep one of them.`, 'key');
  }
}

const MATCHES = ['exact', 'prefix', 'regex'] as const;

/** A match on text; only a path may have the empty prefix. */
export function checkStringMatch(match: Written, findings: Findings, mayBeEmpty = false): void {
  checkOneOf(match, MATCHES, findings);
  const prefix = match.at('prefix');
  if (!mayBeEmpty && prefix.value === '')
    findings.refuse(prefix, 'must not be empty', 'Write the prefix, or {} for any value.');
  checkRegex(match.at('regex'), findings);
}

/** Where the resource may be seen: `*`, `.` or namespaces; a ServiceEntry also `~`. */
export function checkExportTo(
  resource: Written,
  findings: Findings,
  { mayHide = false, hasSelector = false }: { mayHide?: boolean; hasSelector?: boolean } = {},
): void {
  const namespace = resource.at('metadata').at('namespace').text || 'default';
  const { items } = resource.at('spec').at('exportTo');
  const seen = new Set<string>();
  for (const item of items) {
    if (typeof item.value !== 'string') continue;
    const key = item.text === '.' ? namespace : item.text;
    const isName = key === '*' || isDnsLabel(key) || (mayHide && key === '~');
    if (seen.has(key)) findings.refuse(item, `repeats the namespace ${key}`, 'Remove one of the two.');
    else if (key === '~' && !mayHide)
      findings.refuse(item, 'must not be ~: only a ServiceEntry may hide', 'Write ".".');
    else if (!isName) findings.refuse(item, 'must be *, . or the name of a namespace', 'Write one name per item.');
    else if (hasSelector && key !== namespace)
      findings.refuse(item, `must not go beyond the namespace ${namespace} beside a workloadSelector`, 'Write ["."].');
    seen.add(key);
  }
  const alone = items.find(({ text }) => text === '*' || (mayHide && text === '~'));
  if (alone !== undefined && items.length > 1) {
    const who = alone.text === '*' ? 'everybody' : 'nobody';
    findings.refuse(alone, `stands for ${who} and must be the only entry`, 'Keep it alone, or name namespaces only.');
  }
}

/**
 * References to Gateways. Istio stops looking at the first that is a plain name, so what comes after it is taken; such
 * a reference finds no Gateway.
 */
export function checkGatewayNames(names: Written, findings: Findings): void {
  const help = 'Write NAMESPACE/NAME, or NAME for a Gateway of the same namespace.';
  let isPastPlain = false;
  for (const name of names.items) {
    if (typeof name.value !== 'string') continue;
    const problem = gatewayNameProblem(name.text);
    if (problem !== null && isPastPlain) findings.warn('invalid-field', name, problem, help);
    else findings.judge(name, problem, help);
    if (name.text.includes('/')) continue;
    isPastPlain = true;
    const [gateway, namespace] = name.text.split('.');
    if (problem === null && namespace !== undefined)
      findings.warn('deprecated-field', name, 'is an old form of reference', `Write ${namespace}/${gateway}.`);
  }
}

function gatewayNameProblem(name: string): string | null {
  const slash = name.indexOf('/');
  if (slash === -1) return domainProblem(name);
  const namespace = name.slice(0, slash);
  if (!isDnsLabel(namespace)) return `must not have ${JSON.stringify(namespace)} as its namespace`;
  return isDnsLabel(name.slice(slash + 1)) ? null : 'must have the name of a Gateway after the /';
}

export function checkDestination(
  destination: Written,
  findings: Findings,
  hostProblem: (host: string) => string | null,
): void {
  if (!destination.isSet) return;
  const host = destination.at('host');
  const subset = destination.at('subset');
  if (typeof host.value === 'string')
    findings.judge(host, host.text === '*' ? 'must name one host' : hostProblem(host.text), HOST_HELP);
  if (subset.text !== '' && !isDnsLabel(subset.text))
    findings.refuse(subset, 'is no name that a subset can have', 'Subsets are named like DNS labels.');
  const port = destination.at('port');
  if (port.isSet) findings.judge(port.at('number'), portProblem(port.at('number').number), PORT_HELP);
}

/** Fields that may be null; everywhere else the API server refuses it. */
const NULLABLE: ReadonlySet<string> = new Set([
  'aggression',
  'allowCredentials',
  'consecutive5xxErrors',
  'consecutiveGatewayErrors',
  'consecutiveLocalOriginFailures',
  'enabled',
  'insecureSkipVerify',
  'minimumPercent',
  'mirrorPercent',
  'mirror_percent',
  'percent',
  'retryIgnorePreviousHosts',
  'retryRemoteLocalities',
]);

/** A key with nothing behind it: YAML reads null, and the schema of the resource wants a value. */
export function checkNulls(field: Written, findings: Findings): void {
  for (const [key, member] of field.entries) {
    if (member.value === null && !NULLABLE.has(key))
      findings.refuse(member, 'has no value', 'Fill it in, or remove the key.', 'key');
    else checkNulls(member, findings);
  }
  for (const item of field.items) checkNulls(item, findings);
}

const FORBIDDEN = [
  'istio.io/dry-run',
  'internal.istio.io/webhook-always-reject',
  'internal.istio.io/parent-namespace',
  'internal.istio.io/parents',
];

/** Annotations that istiod keeps for itself or for other kinds. */
export function checkAnnotations(resource: Written, findings: Findings): void {
  for (const [key, value] of resource.at('metadata').at('annotations').entries) {
    if (FORBIDDEN.includes(key))
      findings.refuse(value, 'must not be set on this kind', 'Remove the annotation.', 'key');
  }
}
