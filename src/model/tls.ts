export type TlsVersion = 'TLSv1.0' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** Where keys and certificates come from. What they say is never part of a model. */
export type CredentialSource =
  /** A Kubernetes Secret; `namespace` is the gateway's where the dialect names none. */
  | { readonly kind: 'secret'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'files'; readonly certificate: string; readonly privateKey: string }
  /** The identity that a service mesh gives the data plane's pod. */
  | { readonly kind: 'workload' };

/** Where the certificates of trusted authorities come from. */
export type AuthoritySource =
  | { readonly kind: 'secret'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  /** The authorities that the machine trusts. */
  | { readonly kind: 'system' }
  /** The authority of the service mesh. */
  | { readonly kind: 'workload' };

/** What both sides of TLS have. */
export interface TlsParameters {
  /** null: the data plane's default. */
  readonly minVersion: TlsVersion | null;
  readonly maxVersion: TlsVersion | null;
  /** OpenSSL names, best first; empty: the data plane's default. */
  readonly cipherSuites: readonly string[];
  /** Curves for the key exchange, best first; empty: the data plane's default. */
  readonly ecdhCurves: readonly string[];
  /** Protocols offered, best first. */
  readonly alpn: readonly string[];
}

/** How a peer's certificate is judged. */
export interface PeerVerification {
  readonly authorities: AuthoritySource;
  /** One of them has to be in the certificate; empty: any will do. */
  readonly subjectAltNames: readonly string[];
}

/** TLS that a listener ends. */
export interface ServerTls extends TlsParameters {
  readonly credentials: readonly CredentialSource[];
  /** null: clients are not asked for a certificate. */
  readonly clients: (PeerVerification & { readonly required: boolean }) | null;
}

/** TLS towards the endpoints of a cluster. */
export interface ClientTls extends TlsParameters {
  /** Name sent as SNI; empty: none, or the request's host where `sniFromHost`. */
  readonly sni: string;
  readonly sniFromHost: boolean;
  /** null: none is shown. */
  readonly credential: CredentialSource | null;
  /** null: the endpoint's certificate is not looked at. */
  readonly verify: PeerVerification | null;
}
