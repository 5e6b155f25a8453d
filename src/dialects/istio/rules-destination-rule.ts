import type { Findings, Written } from '../../resources/written.ts';
import {
  checkAnnotations,
  checkExportTo,
  checkLabels,
  checkNulls,
  checkPort,
  checkSelector,
  checkUnique,
} from './rules-common.ts';
import { checkLoadBalancer } from './rules-load-balancer.ts';
import { domainProblem, HOST_HELP, isDnsLabel, isIp, wildcardDomainProblem } from './rules-names.ts';
import { checkClientTls, checkConnectionPool, checkOutlierDetection } from './rules-upstream.ts';

const BLOCKS = ['loadBalancer', 'connectionPool', 'outlierDetection', 'tls'] as const;
const FIELDS = [...BLOCKS, 'portLevelSettings', 'tunnel', 'proxyProtocol', 'retryBudget'] as const;

/** What istiod refuses in a DestinationRule, and what it warns of. */
export function destinationRuleRules(resource: Written, findings: Findings): void {
  const spec = resource.at('spec');
  checkNulls(spec, findings);
  checkAnnotations(resource, findings);
  const host = spec.at('host');
  if (typeof host.value === 'string') findings.judge(host, wildcardDomainProblem(host.text), HOST_HELP);
  const namespace = resource.at('metadata').at('namespace').text || 'default';
  checkPolicy(spec.at('trafficPolicy'), namespace, findings);
  const subsets = spec.at('subsets').items;
  for (const subset of subsets) checkSubset(subset, namespace, findings);
  checkUnique(
    subsets.map((subset) => subset.at('name')),
    'subset',
    findings,
  );
  const selector = spec.at('workloadSelector');
  checkExportTo(resource, findings, { hasSelector: selector.isSet });
  checkSelector(selector, 'matchLabels', findings);
}

function checkSubset(subset: Written, namespace: string, findings: Findings): void {
  const name = subset.at('name');
  if (typeof name.value === 'string' && !isDnsLabel(name.text))
    findings.refuse(
      name,
      'is no name that a subset can have',
      'Subsets are named like DNS labels: letters, digits, -.',
    );
  checkLabels(subset.at('labels'), findings);
  checkPolicy(subset.at('trafficPolicy'), namespace, findings);
}

function checkPolicy(policy: Written, namespace: string, findings: Findings): void {
  if (!policy.isSet) return;
  if (!FIELDS.some((name) => isThere(policy.at(name)))) {
    findings.refuse(policy, 'must not be empty', `Set one of ${FIELDS.join(', ')}, or remove it.`);
    return;
  }
  const tunnel = policy.at('tunnel');
  const proxyProtocol = policy.at('proxyProtocol');
  if (tunnel.isSet && proxyProtocol.isSet)
    findings.refuse(proxyProtocol, 'must not stand beside tunnel', 'Keep one of them.', 'key');
  checkBlocks(policy, namespace, findings);
  if (tunnel.isSet) checkTunnel(tunnel, findings);
  for (const block of policy.at('portLevelSettings').items) checkPortPolicy(block, namespace, findings);
}

/** protobuf can't tell an empty list from an absent one. */
function isThere(field: Written): boolean {
  return Array.isArray(field.value) ? field.items.length > 0 : field.isSet;
}

function checkBlocks(policy: Written, namespace: string, findings: Findings): void {
  checkOutlierDetection(policy.at('outlierDetection'), findings);
  checkConnectionPool(policy.at('connectionPool'), findings);
  checkLoadBalancer(policy.at('loadBalancer'), policy.at('outlierDetection').isSet, findings);
  checkClientTls(policy.at('tls'), namespace, findings);
}

function checkPortPolicy(block: Written, namespace: string, findings: Findings): void {
  if (!block.at('port').isSet)
    findings.refuse(block.at('port'), 'is missing', 'Name the port of the Service, as in port: {number: 80}.');
  const port = block.at('port').at('number');
  const isPort = port.number >= 1 && port.number <= 65535;
  if (block.at('port').isSet && !isPort)
    findings.warn('invalid-field', port, 'is no port, so this block has no effect', 'Write a port of the Service.');
  if (BLOCKS.some((name) => block.at(name).isSet)) checkBlocks(block, namespace, findings);
  else findings.refuse(block, `must set something: one of ${BLOCKS.join(', ')}`, 'Add one, or remove the entry.');
}

function checkTunnel(tunnel: Written, findings: Findings): void {
  const protocol = tunnel.at('protocol');
  if (!['', 'CONNECT', 'POST'].includes(protocol.text))
    findings.refuse(protocol, 'must be CONNECT or POST', 'Leave it out for CONNECT.');
  const host = tunnel.at('targetHost');
  if (typeof host.value === 'string' && !isIp(host.text)) findings.judge(host, domainProblem(host.text), HOST_HELP);
  checkPort(tunnel.at('targetPort'), findings);
}
