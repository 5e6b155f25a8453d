import { goDuration } from '../../resources/duration.ts';
import { hostText, pathText } from '../../resources/http-fields.ts';
import {
  anything,
  bool,
  integer,
  list,
  maybe,
  nonEmptyText,
  object,
  problem,
  type Schema,
  unsupported,
  withDefault,
} from '../../resources/schema.ts';

/** null: Envoy's default. Times in milliseconds. */
export interface OutlierSpec {
  readonly consecutive5xx: number | null;
  readonly consecutiveGatewayFailure: number | null;
  readonly consecutiveLocalOriginFailure: number | null;
  readonly enforcingConsecutive5xx: number | null;
  readonly enforcingConsecutiveGatewayFailure: number | null;
  readonly enforcingConsecutiveLocalOriginFailure: number | null;
  readonly splitExternalLocalOriginErrors: boolean;
  readonly interval: number | null;
  readonly baseEjectionTime: number | null;
  readonly maxEjectionPercent: number | null;
}

export interface HealthCheckSpec {
  readonly timeout: number;
  readonly interval: number;
  readonly healthyThreshold: number;
  readonly unhealthyThreshold: number;
  readonly httpHealthCheck: {
    readonly path: string;
    readonly host: string;
    /** `end` is one past the last. */
    readonly expectedStatuses: readonly { readonly start: number; readonly end: number }[];
  } | null;
  readonly tcpHealthCheck: object | null;
}

const COUNT = integer(0, 4294967295);
const PERCENT = integer(0, 100);
const SUCCESS_RATE = unsupported('endpoints are not ejected by their success rate');

export const outlierDetection: Schema<OutlierSpec> = object<OutlierSpec>(
  {
    consecutive5xx: maybe(COUNT),
    consecutiveGatewayFailure: maybe(COUNT),
    consecutiveLocalOriginFailure: maybe(COUNT),
    enforcingConsecutive5xx: maybe(PERCENT),
    enforcingConsecutiveGatewayFailure: maybe(PERCENT),
    enforcingConsecutiveLocalOriginFailure: maybe(PERCENT),
    splitExternalLocalOriginErrors: withDefault(bool, false),
    interval: maybe(goDuration(1)),
    baseEjectionTime: maybe(goDuration(1)),
    maxEjectionPercent: maybe(PERCENT),
  },
  {
    enforcingSuccessRate: SUCCESS_RATE,
    enforcingLocalOriginSuccessRate: SUCCESS_RATE,
    successRateMinimumHosts: SUCCESS_RATE,
    successRateRequestVolume: SUCCESS_RATE,
    successRateStdevFactor: SUCCESS_RATE,
  },
);

const statuses = object<{ start: number; end: number }>({ start: integer(100, 599), end: integer(101, 600) });
const TIMING = unsupported('checks come at their interval');
const PROBE = unsupported('a probe is a GET of the path, or a TCP connection');

export const healthCheck: Schema<HealthCheckSpec> = problem(
  object<HealthCheckSpec>(
    {
      timeout: goDuration(1),
      interval: goDuration(1),
      healthyThreshold: integer(1, 4294967295),
      unhealthyThreshold: integer(1, 4294967295),
      httpHealthCheck: maybe(
        object<NonNullable<HealthCheckSpec['httpHealthCheck']>>(
          {
            path: problem(pathText, (path) => (path.startsWith('/') ? null : 'must begin with /')),
            host: withDefault(hostText, ''),
            expectedStatuses: list(statuses),
          },
          {
            serviceName: PROBE,
            useHttp2: PROBE,
            method: PROBE,
            requestHeadersToAdd: PROBE,
            requestHeadersToRemove: PROBE,
            responseAssertions: PROBE,
          },
        ),
      ),
      tcpHealthCheck: maybe(object<object>({}, { send: PROBE, receive: PROBE })),
    },
    {
      grpcHealthCheck: PROBE,
      customHealthCheck: PROBE,
      initialJitter: TIMING,
      intervalJitter: TIMING,
      intervalJitterPercent: TIMING,
      noTrafficInterval: TIMING,
      unhealthyInterval: TIMING,
      unhealthyEdgeInterval: TIMING,
      healthyEdgeInterval: TIMING,
      reuseConnection: anything,
      eventLogPath: anything,
      alwaysLogHealthCheckFailures: anything,
    },
  ),
  ({ httpHealthCheck, tcpHealthCheck }) =>
    (httpHealthCheck === null) === (tcpHealthCheck === null)
      ? 'must have one of httpHealthCheck and tcpHealthCheck'
      : null,
);

export interface UpstreamName {
  readonly name: string;
  readonly namespace: string;
}

export const upstreamName: Schema<UpstreamName> = object<UpstreamName>({ name: nonEmptyText, namespace: nonEmptyText });
