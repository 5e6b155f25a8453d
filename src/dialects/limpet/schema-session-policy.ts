import { gatewayDuration, gatewayDurationFrom } from '../../resources/duration.ts';
import { cookieName, headerOrPseudoName } from '../../resources/http-fields.ts';
import { isPrime } from '../../resources/prime.ts';
import {
  bool,
  decimal,
  integer,
  list,
  maybe,
  nonEmptyText,
  object,
  oneOf,
  portNumber,
  problem,
  type Schema,
  text,
  units,
  withDefault,
} from '../../resources/schema.ts';
import { type Carrier, carrier, sessionHeader } from './schema-carrier.ts';

export interface SessionPolicySpec {
  readonly targetRefs: readonly (TargetRef | null)[];
  readonly carrier: readonly Carrier[];
  readonly token: 'sealed' | 'address';
  readonly acceptAddressTokens: boolean;
  readonly keys: { readonly secretRef: { readonly name: string } } | null;
  readonly identity: 'uid' | 'name';
  /** Milliseconds, as all durations here. */
  readonly idleTimeout: number | null;
  readonly absoluteTimeout: number | null;
  readonly fallback: Fallback | null;
  readonly newSessions: 'leastSessions' | 'rendezvous' | 'ringHash' | 'maglev' | 'roundRobin';
  readonly ringHash: { readonly minimumSize: number; readonly maximumSize: number } | null;
  readonly maglev: { readonly tableSize: number } | null;
  readonly maxSessionsPerEndpoint: number | null;
  readonly slowStart: SlowStartSpec | null;
  readonly onLost: OnLostSpec;
  readonly lostHeader: string | null;
  readonly drain: { readonly deadline: number | null };
  readonly rebalance: RebalanceSpec | null;
  readonly minimizeMoves: boolean;
}

export interface TargetRef {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly sectionName: string | null;
  readonly port: number | null;
}

/** Tried in this order; the first that a request has gives the key. */
export interface Fallback {
  readonly header: { readonly name: string } | null;
  readonly cookie: { readonly name: string } | null;
  readonly query: { readonly name: string } | null;
  readonly sourceIp: { readonly ipv4PrefixLength: number; readonly ipv6PrefixLength: number } | null;
}

export interface SlowStartSpec {
  readonly window: number;
  readonly aggression: number;
  readonly minWeightPercent: number;
}

export interface OnLostSpec {
  readonly rehome: object | null;
  readonly fail: { readonly status: number; readonly retryAfter: number | null } | null;
}

export interface RebalanceSpec {
  /** null: DEFAULT_IDLE_FOR. */
  readonly idleFor: number | null;
  readonly whenAbove: number;
  readonly maxPerMinute: number;
}

export const DEFAULT_IDLE_FOR = 300_000;

/** Tokens know whole seconds. */
const seconds = gatewayDurationFrom(1000);

/** Envoy's limits of a ring and of a Maglev table (envoy-affinity §4.1, §5). */
const MAXIMUM_RING_SIZE = 8388608;
const MAXIMUM_TABLE_SIZE = 5000010;

const targetRef = object<TargetRef>({
  group: withDefault(text, ''),
  kind: nonEmptyText,
  namespace: maybe(text),
  name: nonEmptyText,
  sectionName: maybe(nonEmptyText),
  port: maybe(portNumber),
});

const fallback = problem(
  object<Fallback>({
    header: maybe(object<{ name: string }>({ name: headerOrPseudoName })),
    cookie: maybe(object<{ name: string }>({ name: cookieName })),
    query: maybe(object<{ name: string }>({ name: nonEmptyText })),
    sourceIp: maybe(
      object<NonNullable<Fallback['sourceIp']>>({
        ipv4PrefixLength: withDefault(integer(1, 32), 32),
        ipv6PrefixLength: withDefault(integer(1, 128), 64),
      }),
    ),
  }),
  (found) =>
    Object.values(found).every((source) => source === null) ? 'must have one of header, cookie, query, sourceIp' : null,
);

const ringHash = problem(
  object<NonNullable<SessionPolicySpec['ringHash']>>({
    minimumSize: withDefault(integer(1, MAXIMUM_RING_SIZE), 1024),
    maximumSize: withDefault(integer(1, MAXIMUM_RING_SIZE), MAXIMUM_RING_SIZE),
  }),
  ({ minimumSize, maximumSize }) =>
    minimumSize > maximumSize ? 'must not have a minimumSize above its maximumSize' : null,
);

const tableSize = problem(integer(2, MAXIMUM_TABLE_SIZE), (size) => (isPrime(size) ? null : 'must be a prime number'));

const slowStart = object<SlowStartSpec>({
  window: seconds,
  aggression: withDefault(decimal(0.01, 100), 1),
  minWeightPercent: withDefault(decimal(0, 100), 10),
});

const onLost = problem(
  object<OnLostSpec>({
    rehome: maybe(object<object>({})),
    fail: maybe(
      object<NonNullable<OnLostSpec['fail']>>({
        status: withDefault(integer(400, 599), 503),
        retryAfter: maybe(seconds),
      }),
    ),
  }),
  ({ rehome, fail }) => ((rehome === null) === (fail === null) ? 'must have exactly one of rehome, fail' : null),
);

const rebalance = object<RebalanceSpec>({
  idleFor: maybe(seconds),
  whenAbove: withDefault(decimal(1, 100), 1.25),
  maxPerMinute: withDefault(integer(1, 1_000_000), 600),
});

export const sessionPolicySpec: Schema<SessionPolicySpec> = object<SessionPolicySpec>({
  targetRefs: problem(units(targetRef), (refs) => (refs.length === 0 ? 'must name at least one object' : null)),
  carrier: list(carrier),
  token: withDefault<SessionPolicySpec['token']>(oneOf('sealed', 'address'), 'sealed'),
  acceptAddressTokens: withDefault(bool, false),
  keys: maybe(
    object<NonNullable<SessionPolicySpec['keys']>>({ secretRef: object<{ name: string }>({ name: nonEmptyText }) }),
  ),
  identity: withDefault<SessionPolicySpec['identity']>(oneOf('uid', 'name'), 'uid'),
  idleTimeout: maybe(seconds),
  absoluteTimeout: maybe(seconds),
  fallback: maybe(fallback),
  newSessions: withDefault<SessionPolicySpec['newSessions']>(
    oneOf('leastSessions', 'rendezvous', 'ringHash', 'maglev', 'roundRobin'),
    'leastSessions',
  ),
  ringHash: maybe(ringHash),
  maglev: maybe(object<{ tableSize: number }>({ tableSize: withDefault(tableSize, 65537) })),
  maxSessionsPerEndpoint: maybe(integer(1, 2 ** 31 - 1)),
  slowStart: maybe(slowStart),
  onLost: withDefault<OnLostSpec>(onLost, { rehome: {}, fail: null }),
  lostHeader: maybe(sessionHeader),
  drain: withDefault<SessionPolicySpec['drain']>(
    object<SessionPolicySpec['drain']>({ deadline: maybe(gatewayDuration) }),
    { deadline: null },
  ),
  rebalance: maybe(rebalance),
  minimizeMoves: withDefault(bool, false),
});
