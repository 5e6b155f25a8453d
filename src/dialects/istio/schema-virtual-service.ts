import { goDuration } from '../../resources/duration.ts';
import { dnsNameProblem, wildcardNameOrIp } from '../../resources/host-names.ts';
import {
  anything,
  deprecated,
  droppable,
  integer,
  list,
  maybe,
  nonEmptyText,
  object,
  problem,
  type Schema,
  text,
  units,
  withDefault,
} from '../../resources/schema.ts';
import { duplicate, exportTo } from './schema-common.ts';
import {
  type Destination,
  type DirectResponse,
  destination,
  directResponse,
  type HeadersSpec,
  type HttpRedirect,
  type HttpRewrite,
  headers,
  type RouteDestination,
  redirect,
  rewrite,
  routeDestination,
} from './schema-http-action.ts';
import {
  type CorsSpec,
  corsPolicy,
  type FaultSpec,
  fault,
  type Percentage,
  percentage,
} from './schema-http-filters.ts';
import { type HttpMatch, httpMatch } from './schema-http-match.ts';
import { type TcpRule, type TlsRule, tcpRule, tlsRule } from './schema-l4-rule.ts';
import { type HttpRetry, retries } from './schema-retry.ts';

export interface VirtualServiceSpec {
  readonly hosts: readonly string[];
  readonly gateways: readonly string[];
  readonly http: readonly (HttpRule | null)[];
  readonly exportTo: readonly string[];
  readonly tls: readonly (TlsRule | null)[];
  readonly tcp: readonly (TcpRule | null)[];
}

export interface HttpRule {
  readonly name: string;
  readonly match: readonly HttpMatch[];
  readonly route: readonly RouteDestination[];
  readonly redirect: HttpRedirect | null;
  readonly directResponse: DirectResponse | null;
  readonly rewrite: HttpRewrite | null;
  readonly timeout: number | null;
  readonly retries: HttpRetry | null;
  readonly headers: HeadersSpec | null;
  readonly delegate: { readonly name: string; readonly namespace: string } | null;
  readonly fault: FaultSpec | null;
  readonly corsPolicy: CorsSpec | null;
  readonly mirror: Destination | null;
  readonly mirrors: readonly { readonly destination: Destination; readonly percentage: Percentage | null }[];
  /** Of `mirror`; null: all requests. The other two are older spellings, in whole percents. */
  readonly mirrorPercentage: Percentage | null;
  readonly mirrorPercent: number | null;
  readonly mirror_percent: number | null;
}

const delegate = object<NonNullable<HttpRule['delegate']>>({ name: nonEmptyText, namespace: withDefault(text, '') });

const mirrored = object<HttpRule['mirrors'][number]>({ destination, percentage: maybe(percentage) });

const httpRule = problem(
  object<HttpRule>(
    {
      name: withDefault(text, ''),
      match: list(httpMatch),
      route: list(routeDestination),
      redirect: maybe(redirect),
      directResponse: maybe(directResponse),
      rewrite: maybe(rewrite),
      timeout: maybe(goDuration(1)),
      retries: maybe(retries),
      headers: maybe(headers),
      delegate: maybe(delegate),
      fault: droppable(fault),
      corsPolicy: droppable(corsPolicy),
      mirror: maybe(destination),
      mirrors: list(mirrored),
      mirrorPercentage: maybe(percentage),
      mirrorPercent: deprecated(maybe(integer(0, 100)), 'use mirrorPercentage.value'),
      mirror_percent: deprecated(maybe(integer(0, 100)), 'use mirrorPercentage.value'),
    },
    {
      websocketUpgrade: deprecated(anything, 'upgrades need no switch'),
    },
  ),
  ({ route, redirect: redirected, directResponse: answered, delegate: delegated, mirror, mirrors }) => {
    if (mirror !== null && mirrors.length > 0) return 'takes only one of mirror and mirrors';
    const actions = [route.length > 0, redirected !== null, answered !== null, delegated !== null].filter(Boolean);
    if (actions.length === 0) return 'must have a route, a redirect, a directResponse or a delegate';
    if (actions.length > 1) return 'takes only one of route, redirect, directResponse and delegate';
    const isWeightless = route.length > 1 && route.every(({ weight }) => weight === 0);
    return isWeightless ? 'must have a weight above 0 on one of its destinations' : null;
  },
);

const gatewayReference = problem(text, (name) => {
  const [namespace, ...rest] = name.includes('/') ? name.split('/') : ['a', name];
  if (rest.length !== 1 || namespace === '.') return 'must be a name, or namespace/name';
  return dnsNameProblem(namespace ?? '') ?? dnsNameProblem(rest[0] ?? '');
});

/** Only a delegate, which no gateway serves by itself, may go without hosts. */
export const virtualServiceSpec: Schema<VirtualServiceSpec> = problem(
  object<VirtualServiceSpec>({
    hosts: problem(list(wildcardNameOrIp), (hosts) =>
      duplicate(
        hosts.map((host) => host.toLowerCase()),
        'host',
      ),
    ),
    gateways: list(gatewayReference),
    http: units(httpRule),
    exportTo,
    tls: units(tlsRule),
    tcp: units(tcpRule),
  }),
  ({ hosts, gateways, http, tls, tcp }) => {
    if (hosts.length === 0 && gateways.length > 0) return 'must have hosts where it has gateways';
    return http.length + tls.length + tcp.length === 0 ? 'must have http, tls or tcp rules' : null;
  },
);
