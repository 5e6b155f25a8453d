import type { RequestView } from '../model/request-view.ts';

/**
 * Headers that Envoy keeps in one slot: repeated lines are one value, joined with `,` in the order they came
 * (envoy-affinity §7.5). All others stay separate values.
 */
const SINGLE_SLOT: ReadonlySet<string> = new Set([
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

export function isSingleSlotHeader(name: string): boolean {
  return SINGLE_SLOT.has(name);
}

/** Value of a pseudo-header, or undefined if `name` is none. */
export function readPseudoHeader(request: RequestView, name: string): string | undefined {
  switch (name) {
    case ':path':
      return request.path;
    case ':authority':
    case 'host':
      return request.authority;
    case ':method':
      return request.method;
    case ':scheme':
      return request.scheme;
    default:
      return undefined;
  }
}
