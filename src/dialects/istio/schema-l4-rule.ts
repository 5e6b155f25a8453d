import {
  ignored,
  integer,
  list,
  maybe,
  object,
  portNumber,
  type Schema,
  texts,
  withDefault,
} from '../../resources/schema.ts';
import { type Destination, destination } from './schema-http-action.ts';

/** A `tcp` rule of a VirtualService: connections to a port. */
export interface TcpRule {
  readonly match: readonly TcpMatch[];
  readonly route: readonly L4Destination[];
}

/** A `tls` rule: connections by their SNI, still encrypted. */
export interface TlsRule {
  readonly match: readonly TlsMatch[];
  readonly route: readonly L4Destination[];
}

export interface TcpMatch {
  readonly port: number | null;
  readonly gateways: readonly string[];
}

export interface TlsMatch extends TcpMatch {
  readonly sniHosts: readonly string[];
}

export interface L4Destination {
  readonly destination: Destination;
  readonly weight: number;
}

/** What a sidecar looks at and a gateway does not. */
const unread = {
  destinationSubnets: ignored('a gateway does not look at addresses'),
  sourceLabels: ignored('a gateway does not look at who connects'),
  sourceNamespace: ignored('a gateway does not look at who connects'),
};

const port = maybe(portNumber);

const tcpMatch = object<TcpMatch>(
  { port, gateways: texts },
  {
    ...unread,
    sourceSubnet: ignored('a gateway does not look at addresses'),
  },
);

const tlsMatch = object<TlsMatch>({ port, gateways: texts, sniHosts: texts }, unread);

const route = list(object<L4Destination>({ destination, weight: withDefault(integer(0, 2147483647), 0) }));

export const tcpRule: Schema<TcpRule> = object<TcpRule>({ match: list(tcpMatch), route });

export const tlsRule: Schema<TlsRule> = object<TlsRule>({ match: list(tlsMatch), route });
