import {
  bool,
  ignored,
  list,
  maybe,
  object,
  oneOf,
  required,
  type Schema,
  text,
  textMap,
  texts,
  units,
  unsupported,
  withDefault,
} from '../../resources/schema.ts';
import { UINT32 } from './schema-common.ts';

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
  caCrl: unsupported('certificates are not looked up in revocation lists', text),
  verifyCertificateSpki: unsupported('certificates are not pinned', texts),
  verifyCertificateHash: unsupported('certificates are not pinned', texts),
});

const port = object<Server['port']>(
  { number: UINT32, name: text, protocol: text },
  { targetPort: ignored('Istio has deprecated it and does not read it either', UINT32) },
);

/** Protocols of servers whose requests are read, in plain text. */
export const PLAIN_PROTOCOLS: ReadonlySet<string> = new Set(['HTTP', 'HTTP2', 'GRPC', 'HTTP_PROXY', 'GRPC-WEB']);

const server = object<Server>(
  // A fault in tls costs the server: what is left without it would be plain text.
  { port, bind: maybe(text), hosts: required(text), tls: maybe(tls) },
  {
    name: ignored('it only names the server', text),
    defaultEndpoint: ignored('Istio does not read it either', text),
  },
);

export const gatewaySpec: Schema<GatewaySpec> = object<GatewaySpec>({ selector: textMap, servers: units(server) });
