import { goDuration } from '../../resources/duration.ts';
import { cookieNameProblem, cookieTextProblem, headerOrPseudoNameProblem } from '../../resources/http-fields.ts';
import {
  bool,
  decimal,
  deprecated,
  integer,
  limit,
  linted,
  list,
  mapOf,
  maybe,
  object,
  oneOf,
  type Schema,
  text,
  texts,
  warnedOf,
  withDefault,
} from '../../resources/schema.ts';
import { servable, UINT32, unsignedUpTo } from './schema-common.ts';

export interface LoadBalancer {
  readonly simple: 'UNSPECIFIED' | 'LEAST_CONN' | 'RANDOM' | 'PASSTHROUGH' | 'ROUND_ROBIN' | 'LEAST_REQUEST' | null;
  readonly consistentHash: ConsistentHash | null;
  readonly warmup: Warmup | null;
  readonly warmupDurationSecs: number | null;
  readonly localityLbSetting: LocalityLbSetting | null;
}

export interface LocalityLbSetting {
  /** null: on. */
  readonly enabled: boolean | null;
  readonly distribute: readonly { readonly from: string; readonly to: Readonly<Record<string, number>> }[];
  readonly failover: readonly { readonly from: string; readonly to: string }[];
  readonly failoverPriority: readonly string[];
}

export interface Warmup {
  readonly duration: number;
  readonly minimumPercent: number;
  readonly aggression: number;
}

export interface ConsistentHash {
  readonly httpHeaderName: string | null;
  readonly httpCookie: HttpCookie | null;
  readonly useSourceIp: boolean | null;
  readonly httpQueryParameterName: string | null;
  readonly ringHash: { readonly minimumRingSize: number } | null;
  readonly maglev: { readonly tableSize: number } | null;
  /** Deprecated; 0: not set. */
  readonly minimumRingSize: number;
}

export interface HttpCookie {
  readonly name: string;
  readonly path: string;
  /** Milliseconds; null: the cookie is never generated. */
  readonly ttl: number | null;
  readonly attributes: readonly { readonly name: string; readonly value: string }[];
}

/** Envoy's largest ring; what asks for more gets this. */
const MAX_RING = 8388608;

const emptyOrHeaderName = servable((name) => (name === '' ? null : headerOrPseudoNameProblem(name)));

const ringSize = linted(unsignedUpTo(MAX_RING), (size) =>
  Number(size) > MAX_RING ? `is above ${MAX_RING}, the largest ring of Envoy, which is taken instead` : null,
);

const httpCookie = object<HttpCookie>({
  name: servable((name) => (name === '' ? null : cookieNameProblem(name))),
  path: withDefault(servable(cookieTextProblem), ''),
  // Istio lets a negative time pass.
  ttl: maybe(
    linted(goDuration(-Infinity), (ttl) =>
      String(ttl).startsWith('-') ? 'is negative; the cookie is kept for the browser session' : null,
    ),
  ),
  attributes: list(
    object<{ name: string; value: string }>({
      name: servable((name) => (name === '' ? null : cookieNameProblem(name))),
      value: withDefault(servable(cookieTextProblem), ''),
    }),
  ),
});

const ringHash = object<{ minimumRingSize: number }>({ minimumRingSize: withDefault(ringSize, 1024) });

const maglev = object<{ tableSize: number }>({
  tableSize: limit(integer(0, Number.MAX_SAFE_INTEGER), (size) =>
    size === 1 ? 'must be at least 2 to be served, though Istio takes 1 for a prime' : null,
  ),
});

const consistentHash = object<ConsistentHash>({
  // Istio lets an empty name pass, which gives no key.
  httpHeaderName: maybe(
    linted(emptyOrHeaderName, (name) => (name === '' ? 'is empty, so there is nothing to hash' : null)),
  ),
  httpCookie: maybe(httpCookie),
  useSourceIp: maybe(bool),
  httpQueryParameterName: maybe(linted(text, (name) => (name === '' ? 'is empty, so there is nothing to hash' : null))),
  ringHash: maybe(ringHash),
  maglev: maybe(maglev),
  minimumRingSize: warnedOf(withDefault(ringSize, 0), 'use ringHash.minimumRingSize'),
});

const warmup = object<Warmup>({
  duration: goDuration(1),
  minimumPercent: withDefault(decimal(0, 100), 10),
  aggression: withDefault(decimal(0, Number.MAX_VALUE), 1),
});

export const localityLbSetting: Schema<LocalityLbSetting> = object<LocalityLbSetting>({
  enabled: maybe(bool),
  distribute: list(object<LocalityLbSetting['distribute'][number]>({ from: withDefault(text, ''), to: mapOf(UINT32) })),
  failover: list(
    object<LocalityLbSetting['failover'][number]>({ from: withDefault(text, ''), to: withDefault(text, '') }),
  ),
  failoverPriority: texts,
});

export const loadBalancer: Schema<LoadBalancer> = object<LoadBalancer>({
  simple: maybe(oneOf('UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST')),
  consistentHash: maybe(consistentHash),
  warmup: maybe(warmup),
  warmupDurationSecs: deprecated(maybe(goDuration(1)), 'use warmup.duration'),
  localityLbSetting: maybe(localityLbSetting),
});
