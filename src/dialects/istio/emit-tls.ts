import type { AuthoritySource, ClientTls, CredentialSource, ServerTls, TlsVersion } from '../../model/tls.ts';
import { isCipherSuite } from './rules-gateway-tls.ts';
import type { UpstreamTls } from './schema-destination-rule.ts';
import type { CertificateFiles, ServerTls as ServerTlsSpec, TlsProtocol } from './schema-gateway.ts';
import type { TlsDefaults } from './schema-mesh-config.ts';

/** What a server that reads requests offers (istio-affinity §3). */
const ALPN: readonly string[] = ['h2', 'http/1.1'];

/** Inside the mesh, bytes are first introduced by who sends them. */
const MESH_STREAM_ALPN: readonly string[] = ['istio-peer-exchange', ...ALPN];

/** TLS that a server ends. `namespace` is the gateway's, where Istio looks for secrets that are named without one. */
export function emitServerTls(
  spec: ServerTlsSpec,
  isStream: boolean,
  namespace: string,
  defaults: TlsDefaults,
): ServerTls {
  // Beside the mesh's own certificates Istio leaves these to the proxy.
  const isOwn = spec.mode !== 'ISTIO_MUTUAL';
  const suites = [...new Set(spec.cipherSuites.filter(isCipherSuite))];
  return {
    credentials: emitCredentials(spec, namespace),
    clients: emitClients(spec, namespace),
    minVersion: isOwn ? (emitVersion(spec.minProtocolVersion) ?? emitVersion(defaults.minProtocolVersion)) : null,
    maxVersion: isOwn ? emitVersion(spec.maxProtocolVersion) : null,
    cipherSuites: !isOwn ? [] : suites.length > 0 ? suites : defaults.cipherSuites,
    ecdhCurves: isOwn ? defaults.ecdhCurves : [],
    alpn: isStream && !isOwn ? MESH_STREAM_ALPN : ALPN,
  };
}

function emitCredentials(spec: ServerTlsSpec, namespace: string): CredentialSource[] {
  if (spec.mode === 'ISTIO_MUTUAL') return [{ kind: 'workload' }];
  const names = credentialNames(spec);
  if (names.length > 0) return names.map((name) => ({ kind: 'secret', ...secretName(name, namespace) }));
  return spec.tlsCertificates.length > 0 ? spec.tlsCertificates.map(emitFiles) : [emitFiles(spec)];
}

function emitFiles({ serverCertificate: certificate, privateKey }: CertificateFiles): CredentialSource {
  return { kind: 'files', certificate, privateKey };
}

function emitClients(spec: ServerTlsSpec, namespace: string): ServerTls['clients'] {
  const { mode, subjectAltNames } = spec;
  if (mode !== 'MUTUAL' && mode !== 'OPTIONAL_MUTUAL' && mode !== 'ISTIO_MUTUAL') return null;
  return { authorities: emitAuthorities(spec, namespace), subjectAltNames, required: mode !== 'OPTIONAL_MUTUAL' };
}

/** With secrets, the authorities are in one beside the first of them: `NAME-cacert`. */
function emitAuthorities(spec: ServerTlsSpec, namespace: string): AuthoritySource {
  if (spec.mode === 'ISTIO_MUTUAL') return { kind: 'workload' };
  const [first] = credentialNames(spec);
  if (first === undefined) return { kind: 'file', path: spec.caCertificates };
  return { kind: 'secret', ...secretName(spec.caCertCredentialName || `${first}-cacert`, namespace) };
}

function credentialNames({ credentialNames: names, credentialName }: ServerTlsSpec): readonly string[] {
  if (names.length > 0) return names;
  return credentialName === '' ? [] : [credentialName];
}

/** What TLS to endpoints takes from around its settings. */
export interface ClientTlsNames {
  /** The gateway's, where secrets without a namespace are. */
  readonly namespace: string;
  /** Sent where the mesh's own TLS is asked for and no SNI is given. */
  readonly meshSni: string;
  /** What the service says of its certificates; the settings' own names come first. */
  readonly subjectAltNames: readonly string[];
  readonly defaults: TlsDefaults;
}

/** TLS to endpoints; null: switched off. Without an SNI it is the request's host, and so is the name to be verified. */
export function emitClientTls(spec: UpstreamTls, isHttp2: boolean, names: ClientTlsNames): ClientTls | null {
  // To what can't be understood nothing is sent.
  if (spec.mode === 'DISABLE' || spec.mode === 'UNREADABLE') return null;
  const subjectAltNames = spec.subjectAltNames.length > 0 ? spec.subjectAltNames : names.subjectAltNames;
  const common = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3', cipherSuites: [], ecdhCurves: [] } as const;
  if (spec.mode === 'ISTIO_MUTUAL') {
    return {
      ...common,
      alpn: isHttp2 ? ['istio-peer-exchange', 'istio', 'h2'] : ['istio-peer-exchange', 'istio'],
      sni: spec.sni || names.meshSni,
      sniFromHost: false,
      credential: { kind: 'workload' },
      verify: { authorities: { kind: 'workload' }, subjectAltNames },
    };
  }
  return {
    ...common,
    cipherSuites: names.defaults.cipherSuites,
    ecdhCurves: names.defaults.ecdhCurves,
    alpn: isHttp2 ? ['h2'] : [],
    sni: spec.sni,
    sniFromHost: spec.sni === '',
    credential: spec.mode === 'MUTUAL' ? emitClientCredential(spec, names.namespace) : null,
    verify: spec.insecureSkipVerify ? null : { authorities: emitTrusted(spec, names.namespace), subjectAltNames },
  };
}

function emitClientCredential(spec: UpstreamTls, namespace: string): CredentialSource {
  if (spec.credentialName !== '') return { kind: 'secret', ...secretName(spec.credentialName, namespace) };
  return { kind: 'files', certificate: spec.clientCertificate, privateKey: spec.privateKey };
}

function emitTrusted({ credentialName, caCertificates: path }: UpstreamTls, namespace: string): AuthoritySource {
  if (credentialName !== '') return { kind: 'secret', ...secretName(`${credentialName}-cacert`, namespace) };
  return path === '' || path === 'system' ? { kind: 'system' } : { kind: 'file', path };
}

/** `NAME`, `NAMESPACE/NAME` or either after `kubernetes://`. */
function secretName(written: string, ownNamespace: string): { namespace: string; name: string } {
  const path = written.replace(/^kubernetes:\/\//, '');
  const slash = path.indexOf('/');
  if (slash === -1) return { namespace: ownNamespace, name: path };
  return { namespace: path.slice(0, slash), name: path.slice(slash + 1) };
}

const VERSIONS: Readonly<Record<TlsProtocol, TlsVersion | null>> = {
  TLS_AUTO: null,
  TLSV1_0: 'TLSv1.0',
  TLSV1_1: 'TLSv1.1',
  TLSV1_2: 'TLSv1.2',
  TLSV1_3: 'TLSv1.3',
};

function emitVersion(protocol: TlsProtocol): TlsVersion | null {
  return VERSIONS[protocol];
}
