import { dnsNameProblem, wildcardNameProblem } from '../../resources/host-names.ts';
import {
  bool,
  check,
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
  texts,
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

export type ServerTlsMode =
  | 'PASSTHROUGH'
  | 'SIMPLE'
  | 'MUTUAL'
  | 'AUTO_PASSTHROUGH'
  | 'ISTIO_MUTUAL'
  | 'OPTIONAL_MUTUAL';

export type TlsProtocol = 'TLS_AUTO' | 'TLSV1_0' | 'TLSV1_1' | 'TLSV1_2' | 'TLSV1_3';

/** Paths of files; empty: not given. */
export interface CertificateFiles {
  readonly serverCertificate: string;
  readonly privateKey: string;
  readonly caCertificates: string;
}

/** Texts are empty where nothing is given. */
export interface ServerTls extends CertificateFiles {
  readonly httpsRedirect: boolean;
  /** null: not written, which is PASSTHROUGH where the protocol is TLS and nothing where it is plain text. */
  readonly mode: ServerTlsMode | null;
  readonly credentialName: string;
  readonly credentialNames: readonly string[];
  readonly caCertCredentialName: string;
  readonly tlsCertificates: readonly CertificateFiles[];
  readonly subjectAltNames: readonly string[];
  readonly minProtocolVersion: TlsProtocol;
  readonly maxProtocolVersion: TlsProtocol;
  readonly cipherSuites: readonly string[];
  /** These narrow down whose certificates are good; a server that has one is not served, as no model says so yet. */
  readonly caCrl: unknown;
  readonly verifyCertificateSpki: unknown;
  readonly verifyCertificateHash: unknown;
}

const certificateFiles = {
  serverCertificate: withDefault(text, ''),
  privateKey: withDefault(text, ''),
  caCertificates: withDefault(text, ''),
};

const tlsProtocol = withDefault<TlsProtocol>(oneOf('TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'), 'TLS_AUTO');

const tls = object<ServerTls>({
  httpsRedirect: withDefault(bool, false),
  mode: maybe(oneOf('PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL', 'OPTIONAL_MUTUAL')),
  ...certificateFiles,
  credentialName: withDefault(text, ''),
  credentialNames: texts,
  caCertCredentialName: withDefault(text, ''),
  tlsCertificates: list(object<CertificateFiles>(certificateFiles)),
  subjectAltNames: texts,
  minProtocolVersion: tlsProtocol,
  maxProtocolVersion: tlsProtocol,
  cipherSuites: texts,
  caCrl: unsupported('certificates are not looked up in revocation lists'),
  verifyCertificateSpki: unsupported('certificates are not pinned'),
  verifyCertificateHash: unsupported('certificates are not pinned'),
});

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
    // A fault in it costs the server: what is left without it would be plain text.
    tls: maybe(tls),
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
