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
import {
  domainProblem,
  HOST_HELP,
  isDnsLabel,
  isIp,
  protocolOf,
  subnetProblem,
  wildcardDomainProblem,
} from './rules-names.ts';
import { checkWorkload, checkWorkloadPorts } from './rules-workload.ts';

/** What istiod refuses in a ServiceEntry, and what it warns of. */
export function serviceEntryRules(resource: Written, findings: Findings): void {
  const spec = resource.at('spec');
  checkNulls(spec, findings);
  checkAnnotations(resource, findings);
  const { value: written = 'NONE' } = spec.at('resolution');
  // What is no resolution at all has none of the rules of one.
  const resolution = typeof written === 'string' ? written || 'NONE' : '';
  checkSelector(spec.at('workloadSelector'), 'labels', findings);
  if (spec.at('workloadSelector').isSet && spec.at('endpoints').isSet)
    findings.refuse(spec.at('endpoints'), 'must not stand beside workloadSelector', 'Keep one of them.', 'key');
  checkHosts(spec, resolution, findings);
  checkAddresses(spec, resolution, findings);
  checkPorts(spec, findings);
  checkEndpoints(spec, resolution, findings);
  checkPlainTcp(spec, resolution, findings);
  if (resolution === 'DYNAMIC_DNS') checkDynamic(resource, findings);
  checkExportTo(resource, findings, { mayHide: true });
}

function checkHosts(spec: Written, resolution: string, findings: Findings): void {
  const hosts = spec.at('hosts');
  if (Array.isArray(hosts.value) && hosts.items.length === 0)
    findings.refuse(hosts, 'must have at least one host', 'Name the host that clients ask for.');
  for (const host of hosts.items) {
    if (typeof host.value !== 'string') continue;
    const problem = host.text === '*' ? 'must not be *' : wildcardDomainProblem(host.text);
    findings.judge(host, problem, HOST_HELP);
    if (problem === null && resolution !== 'DYNAMIC_DNS' && /^\*[^.]/.test(host.text))
      findings.warn('invalid-field', host, 'has a * beside other text in one label', 'Write *.example.com.');
  }
  if (!resolution.startsWith('DNS') || spec.at('endpoints').items.length > 0) return;
  const wild = hosts.items.find(({ text }) => domainProblem(text) !== null && wildcardDomainProblem(text) === null);
  if (wild !== undefined && wild.text !== '*')
    findings.refuse(wild, `can't be asked for by DNS`, 'Name endpoints, or a host without *.');
}

function checkAddresses(spec: Written, resolution: string, findings: Findings): void {
  for (const address of spec.at('addresses').items) {
    if (typeof address.value !== 'string') continue;
    findings.judge(address, subnetProblem(address.text), 'Write 10.0.0.1 or 10.0.0.0/8.');
    if (address.text.includes('/') && /DNS/.test(resolution))
      findings.refuse(address, 'must be one address: ranges go with NONE and STATIC', 'Leave the / and the bits out.');
  }
}

function checkPorts(spec: Written, findings: Findings): void {
  const ports = spec.at('ports').items;
  for (const port of ports) {
    const name = port.at('name');
    if (typeof name.value === 'string' && !isDnsLabel(name.text))
      findings.refuse(name, 'must be a DNS label, not empty', 'Write a name such as http.');
    const protocol = port.at('protocol');
    if (protocol.text !== '' && protocolOf(protocol.text) === null)
      findings.refuse(protocol, 'must be a protocol that Istio knows', 'Write HTTP, HTTP2, GRPC, HTTPS, TLS or TCP.');
    checkPort(port.at('number'), findings);
    checkPort(port.at('targetPort'), findings);
  }
  checkUnique(
    ports.map((port) => port.at('name')),
    'port name',
    findings,
  );
  checkUnique(
    ports.map((port) => port.at('number')),
    'port',
    findings,
  );
}

function checkEndpoints(spec: Written, resolution: string, findings: Findings): void {
  const endpoints = spec.at('endpoints');
  const ports = spec.at('ports');
  const areReadable = !ports.isSet || Array.isArray(ports.value);
  const hasNames = areReadable && ports.items.every((port) => typeof port.at('name').value === 'string');
  const names = hasNames ? new Set(ports.items.map((port) => port.at('name').text)) : null;
  if (resolution === 'NONE' && endpoints.isSet) {
    const help = 'Set resolution to STATIC for addresses or DNS for names.';
    findings.refuse(endpoints, 'must not be set with resolution NONE', help, 'key');
  }
  if (resolution === 'NONE' && spec.at('workloadSelector').isSet)
    findings.warn(
      'ignored-field',
      spec.at('workloadSelector'),
      'goes with another resolution than NONE',
      'Write STATIC.',
      'key',
    );
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.items.length > 1)
    findings.refuse(endpoints, 'must have one endpoint at most with DNS_ROUND_ROBIN', 'Use DNS for several.', 'key');
  for (const endpoint of endpoints.items) {
    if (resolution === 'STATIC') checkWorkload(endpoint, { names, mayBeName: false }, findings);
    else if (resolution.startsWith('DNS')) checkDnsEndpoint(endpoint, names, findings);
    else checkWorkloadPorts(endpoint, null, findings);
  }
}

function checkDnsEndpoint(endpoint: Written, names: ReadonlySet<string> | null, findings: Findings): void {
  const address = endpoint.at('address');
  if (!isIp(address.text)) {
    const problem = address.isSet ? domainProblem(address.text) : 'is missing';
    findings.judge(address, problem, 'Write a DNS name or an IP address.');
  }
  checkLabels(endpoint.at('labels'), findings);
  checkWorkloadPorts(endpoint, names, findings);
}

/** With plain TCP nothing tells several hosts apart. */
function checkPlainTcp(spec: Written, resolution: string, findings: Findings): void {
  const hosts = spec.at('hosts');
  if (resolution === 'NONE' || hosts.items.length < 2) return;
  for (const port of spec.at('ports').items) {
    const family = protocolOf(port.at('protocol').text);
    if (family === 'http' || family === 'tls') continue;
    const protocol = port.at('protocol');
    const rule = 'must be an HTTP or TLS protocol where there are several hosts';
    findings.refuse(protocol.isSet ? protocol : port, rule, 'Make a ServiceEntry for each host.');
    return;
  }
}

/** Hosts with a wildcard, resolved when a request asks for one. */
function checkDynamic(resource: Written, findings: Findings): void {
  const spec = resource.at('spec');
  for (const host of spec.at('hosts').items)
    if (!host.text.startsWith('*'))
      findings.refuse(host, 'must begin with * with DYNAMIC_DNS', 'Use DNS for one name.');
  for (const name of ['addresses', 'endpoints']) {
    if (spec.at(name).items.length > 0)
      findings.refuse(spec.at(name), 'must not be set with DYNAMIC_DNS', 'The host of the request is resolved.', 'key');
  }
  for (const port of spec.at('ports').items) {
    const protocol = port.at('protocol');
    if (!/^(?:http|http2|grpc|tls)$/i.test(protocol.text))
      findings.refuse(
        protocol.isSet ? protocol : port,
        'must be HTTP, HTTP2, GRPC or TLS with DYNAMIC_DNS',
        'Change it.',
      );
  }
  const waypoint = resource.at('metadata').at('labels').at('istio.io/use-waypoint').text;
  if (spec.at('location').text === 'MESH_INTERNAL' && waypoint !== '' && waypoint.toLowerCase() !== 'none')
    findings.refuse(
      spec.at('location'),
      'must not be MESH_INTERNAL with DYNAMIC_DNS and a waypoint',
      'Write MESH_EXTERNAL.',
    );
}
