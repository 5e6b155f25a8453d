/**
 * Headers of which Envoy keeps one value: the lines of a repeated one are joined with `,` before anything looks at them
 * (envoy-affinity §7.5). The lines of all other headers stay apart.
 */
export const SINGLE_VALUE_HEADERS: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'access-control-request-headers',
  'access-control-request-method',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-type',
  'expect',
  'grpc-timeout',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'origin',
  'pragma',
  'referer',
  'user-agent',
  'via',
  'x-client-trace-id',
  'x-envoy-decorator-operation',
  'x-envoy-external-address',
  'x-envoy-original-path',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-request-id',
]);
