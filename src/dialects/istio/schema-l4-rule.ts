import {
  ignored,
  list,
  object,
  required,
  type Schema,
  text,
  textMap,
  texts,
  withDefault,
} from '../../resources/schema.ts';
import { INT32, portOrNone } from './schema-common.ts';
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
  destinationSubnets: ignored('a gateway does not look at addresses', texts),
  sourceLabels: ignored('a gateway does not look at who connects', textMap),
  sourceNamespace: ignored('a gateway does not look at who connects', text),
};

const tcpMatch = object<TcpMatch>(
  { port: portOrNone, gateways: texts },
  {
    ...unread,
    sourceSubnet: ignored('a gateway does not look at addresses', text),
  },
);

const tlsMatch = object<TlsMatch>({ port: portOrNone, gateways: texts, sniHosts: required(text) }, unread);

const route = list(object<L4Destination>({ destination, weight: withDefault(INT32, 0) }));

export const tcpRule: Schema<TcpRule> = object<TcpRule>({ match: list(tcpMatch), route });

export const tlsRule: Schema<TlsRule> = object<TlsRule>({ match: required(tlsMatch), route });
