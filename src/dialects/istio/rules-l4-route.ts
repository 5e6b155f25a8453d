import type { Findings, Written } from '../../resources/written.ts';
import { checkDestination, checkGatewayNames, checkLabels, checkPort } from './rules-common.ts';
import { covers, HOST_HELP, isIp, subnetProblem, wildcardDomainProblem } from './rules-names.ts';
import { sniProblem } from './rules-sni.ts';

/** What istiod asks of rules for TLS that is passed through, and for TCP. */

export function checkTlsRoute(rule: Written, spec: Written, isForGateway: boolean, findings: Findings): void {
  const matches = rule.at('match');
  if (Array.isArray(matches.value) && matches.items.length === 0)
    findings.refuse(matches, 'must have at least one item', 'Name the hosts of the handshake under sniHosts.');
  for (const match of matches.items) {
    const hosts = match.at('sniHosts');
    if (Array.isArray(hosts.value) && hosts.items.length === 0)
      findings.refuse(hosts, 'must have at least one host', 'Name hosts that spec.hosts has too.');
    for (const host of hosts.items)
      if (typeof host.value === 'string') checkSniHost(host, spec, isForGateway, findings);
    checkConnection(match, findings);
  }
  checkDestinations(rule, 'TLS', findings);
}

export function checkTcpRoute(rule: Written, findings: Findings): void {
  for (const match of rule.at('match').items) checkConnection(match, findings);
  checkDestinations(rule, 'TCP', findings);
}

function checkSniHost(host: Written, spec: Written, isForGateway: boolean, findings: Findings): void {
  const problem = isForGateway ? sniProblem(host.text) : wildcardDomainProblem(host.text);
  if (isIp(host.text)) {
    const rule = 'is an address: most clients send none as the name of the server';
    findings.warn('invalid-field', host, rule, 'Name a host.');
    return;
  }
  if (problem !== null) {
    findings.refuse(host, problem, HOST_HELP);
    return;
  }
  const { value, items } = spec.at('hosts');
  const isReadable = value === undefined || (Array.isArray(value) && value.every((one) => typeof one === 'string'));
  if (!isReadable || items.some(({ text }) => covers(text, host.text))) return;
  findings.refuse(host, 'is covered by none of spec.hosts', 'Add it to spec.hosts, or a wildcard that covers it.');
}

/** The conditions that TLS and TCP rules share. */
function checkConnection(match: Written, findings: Findings): void {
  for (const subnet of match.at('destinationSubnets').items)
    if (typeof subnet.value === 'string') findings.judge(subnet, subnetProblem(subnet.text), 'Write it as 10.0.0.0/8.');
  if (match.at('port').number !== 0) checkPort(match.at('port'), findings);
  checkLabels(match.at('sourceLabels'), findings);
  checkGatewayNames(match.at('gateways'), findings);
}

function checkDestinations(rule: Written, what: string, findings: Findings): void {
  const route = rule.at('route');
  if (route.items.length === 0)
    findings.refuse(route, `is missing: a ${what} rule needs it`, 'Add route: [{destination: {host: ...}}].');
  for (const target of route.items) checkDestination(target.at('destination'), findings, wildcardDomainProblem);
  checkWeights(route, findings);
}

/** Weights are relative to their sum; one destination alone needs none. */
export function checkWeights(route: Written, findings: Findings): void {
  const weights = route.items.map((target) => target.at('weight'));
  for (const weight of weights)
    if (weight.number < 0)
      findings.refuse(weight, `must not be negative: ${weight.number}`, 'Write 0 for no requests.');
  if (weights.length > 1 && weights.reduce((sum, weight) => sum + weight.number, 0) === 0)
    findings.refuse(
      route,
      'must have a weight above 0 on one of its destinations',
      'Add weights, such as 50 and 50.',
      'key',
    );
}
