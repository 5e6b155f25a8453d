import { goDuration } from '../../resources/duration.ts';
import { cookieName, cookieText, headerOrPseudoNameProblem } from '../../resources/http-fields.ts';
import {
  bool,
  check,
  convert,
  decimal,
  deprecated,
  integer,
  linted,
  list,
  mapOf,
  maybe,
  nonEmptyText,
  object,
  oneOf,
  problem,
  type Schema,
  text,
  texts,
  unsigned64,
  withDefault,
} from '../../resources/schema.ts';

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

const KEYS = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const;

const emptyOrHeaderName = problem(text, (name) => (name === '' ? null : headerOrPseudoNameProblem(name)));

const httpCookie = object<HttpCookie>({
  name: cookieName,
  path: withDefault(cookieText, ''),
  // Istio lets a negative time pass.
  ttl: maybe(
    linted(goDuration(-Infinity), (ttl) =>
      String(ttl).startsWith('-') ? 'is negative; the cookie is kept for the browser session' : null,
    ),
  ),
  attributes: list(object<{ name: string; value: string }>({ name: cookieName, value: withDefault(cookieText, '') })),
});

const ringHash = object<{ minimumRingSize: number }>({ minimumRingSize: withDefault(unsigned64(8388608), 1024) });

const maglev = object<{ tableSize: number }>({
  tableSize: convert(unsigned64(5000010), (size) => (isPrime(size) ? size : undefined), 'must be a prime number'),
});

const consistentHash = check(
  check(
    object<ConsistentHash>({
      // Istio lets an empty name pass, which gives no key.
      httpHeaderName: maybe(
        linted(emptyOrHeaderName, (name) => (name === '' ? 'is empty, so there is nothing to hash' : null)),
      ),
      httpCookie: maybe(httpCookie),
      useSourceIp: maybe(bool),
      httpQueryParameterName: maybe(
        linted(text, (name) => (name === '' ? 'is empty, so there is nothing to hash' : null)),
      ),
      ringHash: maybe(ringHash),
      maglev: maybe(maglev),
      minimumRingSize: deprecated(withDefault(unsigned64(8388608), 0), 'use ringHash.minimumRingSize'),
    }),
    (hash) => KEYS.filter((key) => hash[key] !== null).length <= 1,
    `takes only one of ${KEYS.join(', ')}`,
  ),
  (hash) => [hash.ringHash !== null, hash.maglev !== null, hash.minimumRingSize > 0].filter(Boolean).length <= 1,
  'takes only one of ringHash, maglev and minimumRingSize',
);

const warmup = object<Warmup>({
  duration: goDuration(1),
  minimumPercent: withDefault(decimal(0, 100), 10),
  aggression: withDefault(decimal(1, Number.MAX_VALUE), 1),
});

export const localityLbSetting: Schema<LocalityLbSetting> = check(
  object<LocalityLbSetting>({
    enabled: maybe(bool),
    distribute: list(
      check(
        object<LocalityLbSetting['distribute'][number]>({ from: nonEmptyText, to: mapOf(integer(1, 100)) }),
        ({ to }) => Object.values(to).reduce((sum, share) => sum + share, 0) === 100,
        'must have shares that add up to 100',
      ),
    ),
    failover: list(object<LocalityLbSetting['failover'][number]>({ from: nonEmptyText, to: nonEmptyText })),
    failoverPriority: texts,
  }),
  ({ distribute, failover }) => distribute.length === 0 || failover.length === 0,
  'takes only one of distribute and failover',
);

export const loadBalancer: Schema<LoadBalancer> = check(
  object<LoadBalancer>({
    simple: maybe(oneOf('UNSPECIFIED', 'LEAST_CONN', 'RANDOM', 'PASSTHROUGH', 'ROUND_ROBIN', 'LEAST_REQUEST')),
    consistentHash: maybe(consistentHash),
    warmup: maybe(warmup),
    warmupDurationSecs: deprecated(maybe(goDuration(1)), 'use warmup.duration'),
    localityLbSetting: maybe(localityLbSetting),
  }),
  (balancer) => balancer.simple === null || balancer.consistentHash === null,
  'takes only one of simple and consistentHash',
);

function isPrime(value: number): boolean {
  if (value < 2) return false;
  for (let divisor = 2; divisor * divisor <= value; divisor++) {
    if (value % divisor === 0) return false;
  }
  return true;
}
