import { goDuration } from '../../resources/duration.ts';
import {
  cookieName,
  cookieText,
  formattedValue,
  headerName,
  headerNameProblem,
  headerNames,
  headerOrPseudoName,
  headerValue,
  hostText,
  pathText,
  regexText,
  substitutionProblem,
} from '../../resources/http-fields.ts';
import {
  bool,
  decimal,
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
  unsupported,
  withDefault,
} from '../../resources/schema.ts';
import { type UpstreamName, upstreamName } from './schema-resilience.ts';

export interface RouteOptionSpec {
  readonly targetRefs: readonly TargetRef[];
  readonly options: RouteOptions | null;
}

export interface TargetRef {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | null;
}

/** Each field is taken whole from the first option that has it. Times in milliseconds. */
export interface RouteOptions {
  readonly timeout: number | null;
  readonly retries: RetryOption | null;
  readonly lbHash: LbHash | null;
  readonly prefixRewrite: string | null;
  readonly regexRewrite: RegexRewriteOption | null;
  readonly hostRewrite: string | null;
  readonly headerManipulation: HeaderManipulation | null;
  readonly idleTimeout: number | null;
  readonly shadowing: Shadowing | null;
  readonly faults: Faults | null;
  readonly cors: CorsOption | null;
}

export interface Shadowing {
  readonly upstream: UpstreamName;
  readonly percentage: number;
}

export interface Faults {
  readonly abort: { readonly percentage: number; readonly httpStatus: number } | null;
  readonly delay: { readonly percentage: number; readonly fixedDelay: number } | null;
}

export interface CorsOption {
  readonly allowOrigin: readonly string[];
  readonly allowOriginRegex: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  readonly maxAge: string;
  readonly allowCredentials: boolean;
  readonly disableForRoute: boolean;
}

export interface RegexRewriteOption {
  readonly pattern: { readonly regex: string };
  readonly substitution: string;
}

export interface RetryOption {
  readonly retryOn: string;
  readonly numRetries: number;
  readonly perTryTimeout: number | null;
  readonly retryBackOff: { readonly baseInterval: number | null; readonly maxInterval: number | null } | null;
  readonly retriableStatusCodes: readonly number[];
}

export interface LbHash {
  readonly hashPolicies: readonly (LbHashPolicy | null)[];
}

/** Of several keys the one declared last in Gloo's API counts: sourceIp, cookie, header. */
export interface LbHashPolicy {
  readonly header: string | null;
  readonly cookie: { readonly name: string; readonly ttl: number | null; readonly path: string } | null;
  readonly sourceIp: boolean | null;
  readonly terminal: boolean;
}

export interface HeaderManipulation {
  readonly requestHeadersToAdd: readonly HeaderOption[];
  readonly requestHeadersToRemove: readonly string[];
  readonly responseHeadersToAdd: readonly HeaderOption[];
  readonly responseHeadersToRemove: readonly string[];
}

export interface HeaderOption {
  readonly header: { readonly key: string; readonly value: string };
  readonly append: boolean;
}

const targetRef = object<TargetRef>({
  group: withDefault(text, ''),
  kind: nonEmptyText,
  name: nonEmptyText,
  namespace: maybe(text),
});

const hashPolicy = object<LbHashPolicy>({
  header: maybe(headerOrPseudoName),
  cookie: maybe(
    object<NonNullable<LbHashPolicy['cookie']>>({
      name: cookieName,
      ttl: maybe(goDuration()),
      path: withDefault(cookieText, ''),
    }),
  ),
  sourceIp: maybe(bool),
  terminal: withDefault(bool, false),
});

const retries = object<RetryOption>(
  {
    retryOn: withDefault(text, ''),
    numRetries: withDefault(integer(0, 4294967295), 0),
    perTryTimeout: maybe(goDuration()),
    retryBackOff: maybe(
      object<NonNullable<RetryOption['retryBackOff']>>({
        baseInterval: maybe(goDuration(1)),
        maxInterval: maybe(goDuration(1)),
      }),
    ),
    retriableStatusCodes: list(integer(100, 599)),
  },
  {
    previousPriorities: unsupported('retries stay within the priority that the balancer draws'),
    rateLimitedRetryBackOff: unsupported('retries wait by the back-off alone'),
  },
);

/** `*` stands for every header. */
const corsName = problem(text, (name) => (name === '*' ? null : headerNameProblem(name)));

const headerOption = object<HeaderOption>(
  {
    header: object<HeaderOption['header']>({ key: headerName, value: withDefault(formattedValue, '') }),
    append: withDefault(bool, true),
  },
  { headerSecretRef: unsupported('values are not read from Secrets') },
);

const headerManipulation = object<HeaderManipulation>({
  requestHeadersToAdd: list(headerOption),
  requestHeadersToRemove: headerNames,
  responseHeadersToAdd: list(headerOption),
  responseHeadersToRemove: headerNames,
});

const abort = object<NonNullable<Faults['abort']>>({
  percentage: withDefault(decimal(0, 100), 0),
  httpStatus: integer(200, 599),
});
const delay = object<NonNullable<Faults['delay']>>({
  percentage: withDefault(decimal(0, 100), 0),
  fixedDelay: goDuration(1),
});

const cors = object<CorsOption>({
  allowOrigin: list(nonEmptyText),
  allowOriginRegex: list(regexText),
  allowMethods: list(headerName),
  allowHeaders: list(corsName),
  exposeHeaders: list(corsName),
  maxAge: withDefault(headerValue, ''),
  allowCredentials: withDefault(bool, false),
  disableForRoute: withDefault(bool, false),
});

const LATER = unsupported('it has no effect');

const options = object<RouteOptions>(
  {
    timeout: droppable(goDuration()),
    retries: droppable(retries),
    lbHash: droppable(object<LbHash>({ hashPolicies: units(hashPolicy) })),
    prefixRewrite: droppable(pathText),
    regexRewrite: droppable(
      problem(
        object<RegexRewriteOption>({
          pattern: object<{ regex: string }>({ regex: regexText }, { googleRe2: LATER }),
          substitution: withDefault(text, ''),
        }),
        ({ pattern, substitution }) => substitutionProblem(pattern.regex, substitution),
      ),
    ),
    hostRewrite: droppable(hostText),
    headerManipulation: droppable(headerManipulation),
    idleTimeout: droppable(goDuration()),
    shadowing: droppable(object<Shadowing>({ upstream: upstreamName, percentage: withDefault(decimal(0, 100), 0) })),
    faults: droppable(object<Faults>({ abort: maybe(abort), delay: maybe(delay) })),
    cors: droppable(cors),
  },
  {
    autoHostRewrite: LATER,
    hostRewriteHeader: LATER,
    hostRewritePathRegex: LATER,
    upgrades: unsupported('upgrades need no switch'),
    maxStreamDuration: LATER,
    appendXForwardedHost: LATER,
    tracing: LATER,
    envoyMetadata: LATER,
    extensions: LATER,
    transformations: LATER,
    stagedTransformations: LATER,
    rbac: LATER,
    jwt: LATER,
    jwtStaged: LATER,
    jwtProvidersStaged: LATER,
    extauth: LATER,
    ratelimit: LATER,
    ratelimitBasic: LATER,
    ratelimitEarly: LATER,
    ratelimitRegular: LATER,
    rateLimitConfigs: LATER,
    rateLimitEarlyConfigs: LATER,
    rateLimitRegularConfigs: LATER,
    bufferPerRoute: LATER,
    csrf: LATER,
    dlp: LATER,
    waf: LATER,
    extProc: LATER,
    ai: LATER,
  },
);

export const routeOptionSpec: Schema<RouteOptionSpec> = object<RouteOptionSpec>({
  targetRefs: list(targetRef),
  options: maybe(options),
});
