import { type Findings, Written } from '../../resources/written.ts';
import { checkAnnotations, checkNulls, checkUnique } from './rules-common.ts';
import { checkServerTls } from './rules-gateway-tls.ts';
import {
  HOST_HELP,
  isDnsLabel,
  isIp,
  PORT_HELP,
  portProblem,
  protocolOf,
  wildcardDomainProblem,
} from './rules-names.ts';

const PROTOCOL_HELP = 'Write HTTP, HTTP2, GRPC, GRPC-WEB, HTTPS, TLS, TCP, MONGO, REDIS or MYSQL.';
const UNIX = 'unix://';

/** What istiod refuses in a Gateway, and what it warns of. */
export function gatewayRules(resource: Written, findings: Findings): void {
  const spec = resource.at('spec');
  checkNulls(new Written(spec.value, spec.path), findings);
  checkAnnotations(resource, findings);
  const name = resource.at('metadata').at('name');
  if (typeof name.value === 'string' && !isDnsLabel(name.text))
    findings.refuse(name, 'must be a DNS label: letters, digits and -, without dots', 'Rename the Gateway.');
  const servers = spec.at('servers');
  if (servers.items.length === 0)
    findings.refuse(servers, 'must have at least one server', 'Add one, with port, protocol and hosts.');
  for (const server of servers.items) checkServer(server, findings);
  checkUnique(
    servers.items.map((server) => server.at('port').at('name')),
    'port name',
    findings,
  );
}

function checkServer(server: Written, findings: Findings): void {
  const hosts = server.at('hosts');
  if (Array.isArray(hosts.value) && hosts.items.length === 0)
    findings.refuse(hosts, 'must have at least one host', 'Name the hosts, or write ["*"] for all.');
  for (const host of hosts.items) if (typeof host.value === 'string') checkServerHost(host, findings);
  const isPortFine = checkServerPort(server, findings);
  checkBind(server, findings);
  const tls = server.at('tls');
  checkServerTls(tls, findings);
  if (isPortFine) checkTlsFits(server, tls, findings);
}

/** `host`, `namespace/host`, `./host` or one with `*` for the namespace. */
function checkServerHost(field: Written, findings: Findings): void {
  const slash = field.text.indexOf('/');
  const namespace = slash === -1 ? '*' : field.text.slice(0, slash);
  const host = field.text.slice(slash + 1);
  if (namespace.endsWith(':') || (slash !== -1 && host.startsWith('/')))
    findings.refuse(field, 'must be a host name alone, without scheme, port or path', HOST_HELP);
  else if (namespace !== '*' && namespace !== '.' && !isDnsLabel(namespace))
    findings.refuse(field, `must not have ${JSON.stringify(namespace)} as its namespace`, 'Write NAMESPACE/HOST.');
  else
    findings.judge(field, serverHostProblem(host), `${HOST_HELP} A server takes no short names; "*" stands for all.`);
}

function serverHostProblem(host: string): string | null {
  if (host === '*') return null;
  const problem = isIp(host) ? null : wildcardDomainProblem(host);
  if (problem !== null) return problem;
  // An IPv6 address has no dot and is taken for a short name by Istio too.
  if (!host.includes('.')) return 'must be a full name, with a dot';
  return host.includes('*') && !host.startsWith('*.') ? 'must not have a * beside other text in one label' : null;
}

function checkServerPort(server: Written, findings: Findings): boolean {
  const port = server.at('port');
  const protocol = port.at('protocol');
  const before = findings.all.length;
  if (!port.isSet) return false;
  if (typeof protocol.value === 'string' && protocolOf(protocol.text) === null)
    findings.refuse(
      protocol,
      `must be a protocol that Istio knows, not ${JSON.stringify(protocol.text)}`,
      PROTOCOL_HELP,
    );
  const number = port.at('number');
  const isSocket = server.at('bind').text.startsWith(UNIX);
  if (typeof number.value === 'number' && (number.number > 0 || !isSocket))
    findings.judge(number, portProblem(number.number), PORT_HELP);
  if (port.at('targetPort').number > 0)
    findings.refuse(port.at('targetPort'), 'has no effect on a gateway', 'Remove it.', 'key');
  if (port.at('name').value === '')
    findings.refuse(port.at('name'), 'must not be empty', 'Name the port, each name once in a Gateway.');
  return typeof protocol.value === 'string' && findings.all.length === before;
}

function checkBind(server: Written, findings: Findings): void {
  const bind = server.at('bind');
  if (!bind.text.startsWith(UNIX)) {
    if (bind.text !== '' && !isIp(bind.text))
      findings.refuse(bind, 'must be an IP address', 'Write an address of this machine, or leave it out for all.');
    return;
  }
  findings.judge(bind, unixPathProblem(bind.text.slice(UNIX.length)), 'Write unix:// and the full path of a socket.');
  const number = server.at('port').at('number');
  if (number.number !== 0) findings.refuse(number, 'must be 0 beside a socket as bind', 'Write 0, or an IP as bind.');
}

/** An abstract socket begins with @. */
export function unixPathProblem(path: string): string | null {
  if (path.startsWith('@')) return null;
  return path.startsWith('/') && !path.endsWith('/') ? null : 'must name a socket by its full path';
}

function checkTlsFits(server: Written, tls: Written, findings: Findings): void {
  const protocol = server.at('port').at('protocol').text;
  const family = protocolOf(protocol);
  const mode = tls.at('mode').text || 'PASSTHROUGH';
  if (family === 'tls') {
    if (!tls.isSet)
      findings.refuse(tls, `is missing: a server with protocol ${protocol} needs it`, 'Add tls with a mode.');
  } else if (tls.isSet && family === 'http') {
    const named = ['caCertificates', 'privateKey', 'serverCertificate'].find((key) => tls.at(key).isFilled);
    const isPassThrough = mode === 'PASSTHROUGH' || mode === 'AUTO_PASSTHROUGH';
    const at = isPassThrough ? (named === undefined ? null : tls.at(named)) : tls.at('mode');
    const help = 'Use protocol HTTPS, or leave only httpsRedirect here.';
    const rule = `must not be set on a server with protocol ${protocol}`;
    if (at !== null) findings.refuse(at, rule, help, isPassThrough ? 'key' : 'value');
  } else if (tls.isSet) {
    findings.refuse(tls, `must not be set on a server with protocol ${protocol}`, 'Use protocol TLS or HTTPS.', 'key');
  }
  if (tls.at('httpsRedirect').isTrue && family !== 'http') {
    const help = 'Set it on the server with protocol HTTP, whose requests are to be sent to https.';
    findings.warn('ignored-field', tls.at('httpsRedirect'), 'has an effect on HTTP servers only', help);
  }
}
