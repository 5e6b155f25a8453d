import { dnsNameProblem, wildcardNameProblem } from '../../resources/host-names.ts';
import {
  bool,
  check,
  droppable,
  ignored,
  list,
  maybe,
  nonEmptyText,
  object,
  oneOf,
  portNumber,
  problem,
  type Schema,
  text,
  textMap,
  units,
  unsupported,
  withDefault,
} from '../../resources/schema.ts';
import { duplicate } from './schema-common.ts';

export interface GatewaySpec {
  readonly selector: Readonly<Record<string, string>>;
  readonly servers: readonly (Server | null)[];
}

export interface Server {
  readonly port: { readonly number: number; readonly name: string; readonly protocol: string };
  /** Address to listen on; null: all. */
  readonly bind: string | null;
  /** `host`, `namespace/host`, `./host` or `* /host` (without the blank). */
  readonly hosts: readonly string[];
  readonly tls: ServerTls | null;
}

export interface ServerTls {
  readonly httpsRedirect: boolean;
  /** null: plain text. */
  readonly mode: string | null;
}

const tls = object<ServerTls>(
  {
    httpsRedirect: withDefault(bool, false),
    mode: maybe(oneOf('PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL', 'OPTIONAL_MUTUAL')),
  },
  {
    serverCertificate: unsupported('TLS servers are not served'),
    privateKey: unsupported('TLS servers are not served'),
    caCertificates: unsupported('TLS servers are not served'),
    caCrl: unsupported('TLS servers are not served'),
    credentialName: unsupported('TLS servers are not served'),
    credentialNames: unsupported('TLS servers are not served'),
    caCertCredentialName: unsupported('TLS servers are not served'),
    tlsCertificates: unsupported('TLS servers are not served'),
    subjectAltNames: unsupported('TLS servers are not served'),
    verifyCertificateSpki: unsupported('TLS servers are not served'),
    verifyCertificateHash: unsupported('TLS servers are not served'),
    minProtocolVersion: unsupported('TLS servers are not served'),
    maxProtocolVersion: unsupported('TLS servers are not served'),
    cipherSuites: unsupported('TLS servers are not served'),
  },
);

const port = object<Server['port']>(
  { number: portNumber, name: withDefault(text, ''), protocol: nonEmptyText },
  { targetPort: ignored('Istio has deprecated it and does not read it either') },
);

/** Protocols of servers whose requests are read, in plain text. */
export const PLAIN_PROTOCOLS: ReadonlySet<string> = new Set(['HTTP', 'HTTP2', 'GRPC', 'HTTP_PROXY', 'GRPC-WEB']);

const serverHost = problem(text, (written) => {
  const [first = '', second, ...more] = written.split('/');
  if (more.length > 0) return 'must be a host, or namespace/host';
  const fault = second === undefined || first === '*' || first === '.' ? null : dnsNameProblem(first);
  const host = second ?? first;
  if (fault !== null || host === '*') return fault;
  return host.includes('.') ? wildcardNameProblem(host) : 'must be a full name, with a dot';
});

const serverFields = object<Server>(
  {
    port,
    bind: maybe(text),
    hosts: check(list(serverHost), (hosts) => hosts.length > 0, 'must have at least one host'),
    tls: droppable(tls),
  },
  { name: ignored('it only names the server'), defaultEndpoint: ignored('Istio does not read it either') },
);

const server = check(
  serverFields,
  ({ port: { protocol }, tls: settings }) => !PLAIN_PROTOCOLS.has(protocol.toUpperCase()) || settings?.mode == null,
  'must not have a TLS mode on a plain text port',
);

export const gatewaySpec: Schema<GatewaySpec> = object<GatewaySpec>({
  selector: textMap,
  servers: problem(units(server), (servers) => {
    if (servers.length === 0) return 'must have at least one server';
    return duplicate(
      servers.map((one) => one?.port.name || null),
      'port name',
    );
  }),
});
