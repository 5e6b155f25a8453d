import type { FieldPath, Resource } from '../../resources/resource.ts';
import type { ServerTls } from './schema-gateway.ts';

/** A host of a server, with the namespaces whose VirtualServices it takes. */
export interface ServerHost {
  /** null: any namespace. */
  readonly namespace: string | null;
  readonly host: string;
}

/** What a server makes of its connections. */
export type ServerKind =
  /** Requests in plain text. */
  | 'http'
  /** Requests inside TLS that ends here. */
  | 'https'
  /** Bytes, in plain text or inside TLS that ends here. */
  | 'tcp'
  /** TLS that goes on as it came. */
  | 'passthrough';

export interface GatewayServer {
  readonly kind: ServerKind;
  /** `namespace/name` of the Gateway. */
  readonly gateway: string;
  readonly resource: Resource;
  readonly path: FieldPath;
  /** As the Gateway declares it; matches and names go by this one. */
  readonly port: number;
  readonly portName: string;
  /** As the Gateway writes it; empty: all addresses. */
  readonly bind: string;
  readonly hosts: readonly ServerHost[];
  readonly tls: ServerTls | null;
}
