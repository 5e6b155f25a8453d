import type { Origin } from '../model/origin.ts';
import type {
  AuthoritySource,
  ClientTls,
  CredentialSource,
  PeerVerification,
  ServerTls,
  TlsParameters,
  TlsVersion,
} from '../model/tls.ts';
import { type EmitContext, reportInexpressible } from './emit-context.ts';
import { extension, FROM_ADS, type Message, message, unlessEmpty } from './proto-json.ts';

const TLS_TYPES = 'envoy.extensions.transport_sockets.tls.v3';
const TLS_SOCKET = 'envoy.transport_sockets.tls';
/** Where Debian and Alpine keep the authorities that the machine trusts. */
const SYSTEM_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** Transport socket of a filter chain that ends TLS; null: its certificates can't be had. */
export function emitServerTls(context: EmitContext, tls: ServerTls, origin: Origin): Message | null {
  const common = emitCommon(context, tls, tls.credentials, tls.clients, origin);
  if (common === null) return null;
  const requireClientCertificate = tls.clients?.required ?? false;
  return extension(TLS_SOCKET, `${TLS_TYPES}.DownstreamTlsContext`, {
    commonTlsContext: common,
    requireClientCertificate,
  });
}

/** Transport socket of a cluster. Envoy's own default ends at TLS 1.2 on this side, so versions are always said. */
export function emitClientTls(context: EmitContext, tls: ClientTls, origin: Origin): Message | null {
  const versions = {
    ...tls,
    minVersion: tls.minVersion ?? 'TLSv1.2',
    maxVersion: tls.maxVersion ?? 'TLSv1.3',
  } as const;
  const credentials = tls.credential === null ? [] : [tls.credential];
  const common = emitCommon(context, versions, credentials, tls.verify, origin);
  if (common === null) return null;
  const fields = message({ commonTlsContext: common, sni: tls.sni || null });
  return extension(TLS_SOCKET, `${TLS_TYPES}.UpstreamTlsContext`, fields);
}

function emitCommon(
  context: EmitContext,
  parameters: TlsParameters,
  credentials: readonly CredentialSource[],
  peers: PeerVerification | null,
  origin: Origin,
): Message | null {
  const secrets = context.inline
    ? emitFiles(context, credentials, peers, origin)
    : emitNames(context, credentials, peers);
  if (secrets === null) return null;
  return message({
    tlsParams: unlessEmpty(emitParameters(parameters)),
    alpnProtocols: [...parameters.alpn],
    ...secrets,
  });
}

function emitParameters({ minVersion, maxVersion, cipherSuites, ecdhCurves }: TlsParameters): Message {
  return message({
    tlsMinimumProtocolVersion: minVersion === null ? null : versionName(minVersion),
    tlsMaximumProtocolVersion: maxVersion === null ? null : versionName(maxVersion),
    cipherSuites: [...cipherSuites],
    ecdhCurves: [...ecdhCurves],
  });
}

/** `TLSv1_2`. */
function versionName(version: TlsVersion): string {
  return version.replace('.', '_');
}

/** Secrets that a control plane answers for, by Istio's names. */
function emitNames(
  context: EmitContext,
  credentials: readonly CredentialSource[],
  peers: PeerVerification | null,
): Message {
  return message({
    tlsCertificateSdsSecretConfigs: credentials.map((source) => named(credentialName(context, source))),
    combinedValidationContext:
      peers === null
        ? null
        : {
            defaultValidationContext: message({ matchSubjectAltNames: emitNamesOfPeers(peers) }),
            validationContextSdsSecretConfig: named(authorityName(context, peers.authorities)),
          },
  });
}

function named(name: string): Message {
  return { name, sdsConfig: FROM_ADS };
}

function credentialName(context: EmitContext, source: CredentialSource): string {
  switch (source.kind) {
    case 'files':
      return `file-cert:${source.certificate}~${source.privateKey}`;
    case 'secret':
      return secretName(context, source);
    case 'workload':
      return 'default';
  }
}

function authorityName(context: EmitContext, source: AuthoritySource): string {
  switch (source.kind) {
    case 'system':
      return 'file-root:system';
    case 'file':
      return `file-root:${source.path}`;
    case 'secret':
      return secretName(context, source);
    case 'workload':
      return 'ROOTCA';
  }
}

function secretName(
  { secretNamespace }: EmitContext,
  { namespace, name }: { namespace: string; name: string },
): string {
  return namespace === secretNamespace ? `kubernetes://${name}` : `kubernetes-gateway://${namespace}/${name}`;
}

/** Files that Envoy reads itself; null: a Secret is asked for and nobody said where its files are. */
function emitFiles(
  context: EmitContext,
  credentials: readonly CredentialSource[],
  peers: PeerVerification | null,
  origin: Origin,
): Message | null {
  const kinds = [...credentials, ...(peers === null ? [] : [peers.authorities])].map(({ kind }) => kind);
  if (kinds.includes('workload')) {
    const message = 'an Envoy by itself has no identity of a mesh, so what needs it is left out';
    reportInexpressible(context, origin, message, 'Use certificates of your own.');
    return null;
  }
  const isSecret = kinds.includes('secret');
  if (isSecret && context.secretsFolder === null) {
    const message = 'an Envoy by itself reads no Kubernetes Secret, so what needs this one is left out';
    reportInexpressible(context, origin, message, 'Give --secrets FOLDER, with NAMESPACE/NAME/tls.crt and tls.key.');
    return null;
  }
  return message({
    tlsCertificates: credentials.map((source) => credentialFiles(context, source)),
    validationContext:
      peers === null
        ? null
        : message({
            trustedCa: { filename: authorityFile(context, peers.authorities) },
            matchTypedSubjectAltNames: emitNamesOfPeers(peers).map((matcher) => ({ sanType: 'DNS', matcher })),
          }),
  });
}

function credentialFiles({ secretsFolder }: EmitContext, source: CredentialSource): Message {
  if (source.kind === 'files') {
    return { certificateChain: { filename: source.certificate }, privateKey: { filename: source.privateKey } };
  }
  if (source.kind === 'workload') throw new Error('refused above');
  const folder = `${secretsFolder}/${source.namespace}/${source.name}`;
  return { certificateChain: { filename: `${folder}/tls.crt` }, privateKey: { filename: `${folder}/tls.key` } };
}

function authorityFile({ secretsFolder }: EmitContext, source: AuthoritySource): string {
  switch (source.kind) {
    case 'system':
      return SYSTEM_AUTHORITIES;
    case 'file':
      return source.path;
    case 'secret':
      return `${secretsFolder}/${source.namespace}/${source.name}/ca.crt`;
    case 'workload':
      throw new Error('refused above');
  }
}

function emitNamesOfPeers({ subjectAltNames }: PeerVerification): Message[] {
  return subjectAltNames.map((exact) => ({ exact }));
}
