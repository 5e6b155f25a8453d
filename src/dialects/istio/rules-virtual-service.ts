import { compareText } from '../../resources/resource.ts';
import type { Findings, Written } from '../../resources/written.ts';
import { checkAnnotations, checkExportTo, checkGatewayNames, checkNulls } from './rules-common.ts';
import { isClaim } from './rules-http-match.ts';
import { checkHttpRoute } from './rules-http-route.ts';
import { checkTcpRoute, checkTlsRoute } from './rules-l4-route.ts';
import { HOST_HELP, isIp, wildcardDomainProblem } from './rules-names.ts';
import { warnOfUnreachable } from './rules-reachability.ts';
import { sniProblem } from './rules-sni.ts';

/** What istiod refuses in a VirtualService, and what it warns of. */
export function virtualServiceRules(resource: Written, findings: Findings): void {
  const spec = resource.at('spec');
  checkNulls(spec, findings);
  checkAnnotations(resource, findings);
  const hosts = spec.at('hosts');
  const isDelegate = hosts.value === undefined || (Array.isArray(hosts.value) && hosts.items.length === 0);
  if (isDelegate) checkDelegate(spec, findings);
  const gateways = spec.at('gateways');
  checkGatewayNames(gateways, findings);
  const isOffMesh = gateways.items.every(({ text }) => text !== 'mesh');
  const isForGateway = isOffMesh && gateways.items.length > 0;
  checkHosts(spec, isForGateway, findings);
  const rules = ['http', 'tls', 'tcp'].flatMap((name) => spec.at(name).items);
  if (rules.length === 0)
    findings.refuse(
      spec.at('http'),
      'is missing: a VirtualService needs http, tls or tcp rules',
      'Add a rule with a route.',
    );
  for (const rule of spec.at('http').items) {
    checkHttpRoute(rule, isDelegate, findings);
    if (!isForGateway) checkClaims(rule, findings);
  }
  for (const rule of spec.at('tls').items) checkTlsRoute(rule, spec, isOffMesh, findings);
  for (const rule of spec.at('tcp').items) checkTcpRoute(rule, findings);
  checkExportTo(resource, findings);
  for (const name of ['http', 'tls', 'tcp']) warnOfUnreachable(spec.at(name), findings);
}

/** A VirtualService without hosts is one that others delegate to. */
function checkDelegate(spec: Written, findings: Findings): void {
  const { items } = spec.at('gateways');
  if (items.length > 0) {
    const help =
      'Add hosts, or remove gateways: what has no hosts is a delegate, which another VirtualService includes.';
    findings.refuse(spec.at('gateways'), 'must not be set where hosts are missing', help, 'key');
  }
  for (const name of ['tls', 'tcp']) {
    if (spec.at(name).items.length > 0)
      findings.refuse(
        spec.at(name),
        'must not be set where hosts are missing',
        'Only http rules can be delegated.',
        'key',
      );
  }
}

function checkHosts(spec: Written, isForGateway: boolean, findings: Findings): void {
  const hosts = spec.at('hosts').items.filter(({ value }) => typeof value === 'string');
  const hasSni = spec.at('tls').items.some((rule) => rule.at('match').items.some((one) => one.at('sniHosts').isFilled));
  let isFine = true;
  for (const host of hosts) {
    const problem = isIp(host.text) ? null : hostProblem(host.text, isForGateway, hasSni);
    if (problem !== null) isFine = false;
    findings.judge(host, problem, HOST_HELP);
  }
  if (!isFine) return;
  for (const [wide, other] of overlaps(hosts)) {
    const [first, second] = compareIndex(wide, other) < 0 ? [wide, other] : [other, wide];
    const rule = `repeats ${JSON.stringify(first.text)}, or overlaps it`;
    findings.refuse(second, rule, 'Keep the wider one, or put them into VirtualServices of their own.');
  }
}

/** Every host that another covers, with that one: sorted by their reversed text, a wildcard stands before what it covers. */
function overlaps(hosts: readonly Written[]): [wide: Written, other: Written][] {
  const reversed = (host: Written): string => [...host.text.replace(/^\*/, '')].reverse().join('');
  const sorted = hosts
    .map((host) => ({ host, key: reversed(host), isWild: host.text.startsWith('*') }))
    .sort((a, b) => compareText(a.key, b.key) || Number(b.isWild) - Number(a.isWild) || compareIndex(a.host, b.host));
  const found: [Written, Written][] = [];
  const around: typeof sorted = [];
  for (const entry of sorted) {
    while (around.length > 0 && !isCovered(around.at(-1), entry.key)) around.pop();
    const wide = around.at(-1);
    if (wide !== undefined) found.push([wide.host, entry.host]);
    around.push(entry);
  }
  return found;
}

function isCovered(wide: { readonly key: string; readonly isWild: boolean } | undefined, key: string): boolean {
  return wide !== undefined && (wide.isWild ? key.startsWith(wide.key) : key === wide.key);
}

function compareIndex(a: Written, b: Written): number {
  return Number(a.path.at(-1)) - Number(b.path.at(-1));
}

function hostProblem(host: string, isForGateway: boolean, hasSni: boolean): string | null {
  if (!isForGateway && host === '*') return 'must not be * where the VirtualService is for the mesh';
  return isForGateway && hasSni ? sniProblem(host) : wildcardDomainProblem(host);
}

function checkClaims(rule: Written, findings: Findings): void {
  for (const match of rule.at('match').items) {
    for (const field of ['headers', 'withoutHeaders']) {
      for (const [name, value] of match.at(field).entries) {
        if (!isClaim(name)) continue;
        findings.refuse(
          value,
          'matches a token, which only a gateway can',
          'Name the Gateway under spec.gateways.',
          'key',
        );
      }
    }
  }
}
