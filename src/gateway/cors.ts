import type { RequestView } from '../model/request-view.ts';
import type { CorsPolicy } from '../model/route.ts';
import { compileStringMatch, type StringMatcher } from '../routing/string-matcher.ts';

/** Response headers that a CORS policy writes, so that an upstream's own lines go. */
export const CORS_RESPONSE_HEADERS: readonly string[] = [
  'access-control-allow-origin',
  'access-control-allow-credentials',
  'access-control-expose-headers',
];

/** A cross-origin policy compiled for requests; behaves as Envoy's cors filter (WHATWG Fetch's CORS protocol). */
export class CompiledCors {
  readonly #origins: readonly StringMatcher[];
  readonly #forwardsOthers: boolean;
  readonly #preflightLines: string;
  readonly #echoesMethod: boolean;
  readonly #echoesHeaders: boolean;
  readonly #responseLines: string;

  constructor(policy: CorsPolicy) {
    this.#origins = policy.allowOrigins.map(compileStringMatch);
    this.#forwardsOthers = policy.forwardNotMatchingPreflights;
    const credentials = policy.allowCredentials === true ? 'access-control-allow-credentials: true\r\n' : '';
    const list = (name: string, values: readonly string[]): string =>
      values.length === 0 ? '' : `${name}: ${values.join(',')}\r\n`;
    this.#echoesMethod = isWildcard(policy.allowMethods);
    this.#echoesHeaders = isWildcard(policy.allowHeaders);
    this.#preflightLines =
      credentials +
      list('access-control-allow-methods', this.#echoesMethod ? [] : policy.allowMethods) +
      list('access-control-allow-headers', this.#echoesHeaders ? [] : policy.allowHeaders) +
      list('access-control-max-age', policy.maxAge === '' ? [] : [policy.maxAge]);
    this.#responseLines = credentials + list('access-control-expose-headers', policy.exposeHeaders);
  }

  /**
   * Lines of the answer that the gateway gives to a preflight itself; null: it is no preflight, or one of another
   * origin that goes on to the upstream.
   */
  answerPreflight(request: RequestView): string | null {
    if (request.method !== 'OPTIONS') return null;
    const method = readHeader(request, 'access-control-request-method');
    if (method === '') return null;
    const origin = readOrigin(request);
    if (origin === null) return null;
    if (!this.#allows(origin)) return this.#forwardsOthers ? null : '';
    let lines = `access-control-allow-origin: ${origin}\r\n${this.#preflightLines}`;
    if (this.#echoesMethod) lines += `access-control-allow-methods: ${method}\r\n`;
    const headers = this.#echoesHeaders ? readHeader(request, 'access-control-request-headers') : '';
    return headers === '' ? lines : `${lines}access-control-allow-headers: ${headers}\r\n`;
  }

  /** Lines for the response to a request of an origin that is allowed; empty: the response stays as it is. */
  responseLines(request: RequestView): string {
    const origin = readOrigin(request);
    if (origin === null || !this.#allows(origin)) return '';
    return `access-control-allow-origin: ${origin}\r\n${this.#responseLines}`;
  }

  #allows(origin: string): boolean {
    // A matcher that takes `*` literally allows every origin (Envoy's cors filter).
    return this.#origins.some((matches) => matches('*') || matches(origin));
  }
}

/** What is asked for is allowed by name then, as in Envoy: for a request with credentials a `*` is a name like any other. */
function isWildcard(values: readonly string[]): boolean {
  return values.length === 1 && values[0] === '*';
}

/** All values of a header; empty: it is not there. */
function readHeader(request: RequestView, name: string): string {
  const values: string[] = [];
  for (let i = request.findHeader(name, 0); i >= 0; i = request.findHeader(name, i + 1)) {
    values.push(request.headerValue(i));
  }
  return values.join(',');
}

function readOrigin(request: RequestView): string | null {
  const index = request.findHeader('origin', 0);
  const origin = index < 0 ? '' : request.headerValue(index);
  return origin === '' ? null : origin;
}
