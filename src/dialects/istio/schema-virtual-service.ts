import { goDuration } from '../../resources/duration.ts';
import {
  droppable,
  list,
  maybe,
  object,
  type Schema,
  text,
  texts,
  units,
  warnedOf,
  withDefault,
} from '../../resources/schema.ts';
import { exportTo, UINT32 } from './schema-common.ts';
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

const delegate = object<NonNullable<HttpRule['delegate']>>({
  name: withDefault(text, ''),
  namespace: withDefault(text, ''),
});

const mirrored = object<HttpRule['mirrors'][number]>({ destination, percentage: maybe(percentage) });

const httpRule = object<HttpRule>({
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
  // Without an abort, whom it keeps out would be let in.
  fault: maybe(fault),
  corsPolicy: droppable(corsPolicy),
  mirror: maybe(destination),
  mirrors: list(mirrored),
  mirrorPercentage: maybe(percentage),
  mirrorPercent: warnedOf(maybe(UINT32), 'use mirrorPercentage.value'),
  mirror_percent: warnedOf(maybe(UINT32), 'use mirrorPercentage.value'),
});

export const virtualServiceSpec: Schema<VirtualServiceSpec> = object<VirtualServiceSpec>({
  hosts: texts,
  gateways: texts,
  http: units(httpRule),
  exportTo,
  tls: units(tlsRule),
  tcp: units(tcpRule),
});
