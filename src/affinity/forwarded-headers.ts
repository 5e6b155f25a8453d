/**
 * The forwarding headers as the upstream must see them, whatever the client sent; null: the header must not be there.
 * One object can serve all requests of a connection.
 */
export class ForwardedHeaders {
  /** The trusted client: no port, no brackets. */
  clientIp = '';
  /** The client is the connection's own peer, so that its port is known too. */
  portKept = true;
  /** The request comes from inside, by the policy's internal ranges. */
  internal = false;
  /** x-forwarded-for */
  forwardedFor: string | null = null;
  /** x-forwarded-proto */
  forwardedProto = 'http';
  /** x-envoy-external-address */
  externalAddress: string | null = null;
  /** x-request-id */
  requestId: string | null = null;
  /** Other headers that must not pass, lower case: one of the lists below. x-envoy-internal is `true` or absent, by `internal`. */
  dropped: readonly string[] = DROPPED_FROM_EXTERNAL;
}

/** Orders to an Envoy that only its own side may give (envoy-affinity §11.7). */
export const DROPPED_FROM_EXTERNAL: readonly string[] = [
  'x-envoy-expected-rq-timeout-ms',
  'x-envoy-force-trace',
  'x-envoy-hedge-on-per-try-timeout',
  'x-envoy-ip-tags',
  'x-envoy-max-retries',
  'x-envoy-original-url',
  'x-envoy-retriable-header-names',
  'x-envoy-retriable-status-codes',
  'x-envoy-retry-grpc-on',
  'x-envoy-retry-on',
  'x-envoy-upstream-alt-stat-name',
  'x-envoy-upstream-rq-per-try-timeout-ms',
  'x-envoy-upstream-rq-timeout-alt-response',
  'x-envoy-upstream-rq-timeout-ms',
];

/** At the edge also what only a hop before could know (§11.6). */
export const DROPPED_AT_EDGE: readonly string[] = [
  ...DROPPED_FROM_EXTERNAL,
  'x-envoy-decorator-operation',
  'x-envoy-downstream-service-cluster',
  'x-envoy-downstream-service-node',
  'x-envoy-original-path',
];

export const DROPPED_FROM_INTERNAL: readonly string[] = [];
