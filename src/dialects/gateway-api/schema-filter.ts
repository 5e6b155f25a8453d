import {
  headerName,
  headerNameProblem,
  headerNames,
  headerValue,
  hostText,
  pathText,
} from '../../resources/http-fields.ts';
import {
  bool,
  check,
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
  unsupported,
  withDefault,
} from '../../resources/schema.ts';

export interface HttpFilter {
  readonly type: string;
  readonly requestHeaderModifier: HeaderModifier | null;
  readonly responseHeaderModifier: HeaderModifier | null;
  readonly requestRedirect: RequestRedirect | null;
  readonly urlRewrite: UrlRewrite | null;
  readonly requestMirror: RequestMirror | null;
  readonly cors: HttpCors | null;
  readonly extensionRef: { readonly group: string; readonly kind: string; readonly name: string } | null;
}

export interface HeaderModifier {
  readonly set: readonly { readonly name: string; readonly value: string }[];
  readonly add: readonly { readonly name: string; readonly value: string }[];
  readonly remove: readonly string[];
}

export interface RequestRedirect {
  readonly scheme: 'http' | 'https' | null;
  readonly hostname: string | null;
  readonly path: PathModifier | null;
  readonly port: number | null;
  readonly statusCode: number;
}

export interface UrlRewrite {
  readonly hostname: string | null;
  readonly path: PathModifier | null;
}

export interface PathModifier {
  readonly type: 'ReplaceFullPath' | 'ReplacePrefixMatch';
  readonly replaceFullPath: string | null;
  readonly replacePrefixMatch: string | null;
}

/** `percent` and `fraction` exclude each other; neither: all requests. */
export interface RequestMirror {
  readonly backendRef: BackendObject;
  readonly percent: number | null;
  readonly fraction: { readonly numerator: number; readonly denominator: number } | null;
}

export interface BackendObject {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly port: number | null;
}

export interface HttpCors {
  readonly allowOrigins: readonly string[];
  readonly allowCredentials: boolean | null;
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  /** Seconds. */
  readonly maxAge: number;
}

const header = object<{ name: string; value: string }>({ name: headerName, value: headerValue });
const headerModifier = object<HeaderModifier>({ set: list(header), add: list(header), remove: headerNames });

const pathModifier = check(
  object<PathModifier>({
    type: oneOf('ReplaceFullPath', 'ReplacePrefixMatch'),
    replaceFullPath: maybe(pathText),
    replacePrefixMatch: maybe(pathText),
  }),
  ({ type, replaceFullPath, replacePrefixMatch }) =>
    (type === 'ReplaceFullPath') === (replaceFullPath !== null) &&
    (type === 'ReplacePrefixMatch') === (replacePrefixMatch !== null),
  'must have the field that its type names, and no other',
);

const requestRedirect = object<RequestRedirect>({
  scheme: maybe(oneOf('http', 'https')),
  hostname: maybe(hostText),
  path: maybe(pathModifier),
  port: maybe(portNumber),
  statusCode: check(
    withDefault(integer(300, 399), 302),
    (code) => [301, 302, 303, 307, 308].includes(code),
    'must be 301, 302, 303, 307 or 308',
  ),
});

const urlRewrite = object<UrlRewrite>({ hostname: maybe(hostText), path: maybe(pathModifier) });

const requestMirror = check(
  object<RequestMirror>({
    backendRef: object<BackendObject>({
      group: withDefault(text, ''),
      kind: withDefault(text, 'Service'),
      namespace: maybe(text),
      name: nonEmptyText,
      port: maybe(portNumber),
    }),
    percent: maybe(integer(0, 100)),
    fraction: maybe(
      check(
        object<{ numerator: number; denominator: number }>({
          numerator: integer(0, 2147483647),
          denominator: withDefault(integer(1, 2147483647), 100),
        }),
        ({ numerator, denominator }) => numerator <= denominator,
        'must not be above 1',
      ),
    ),
  }),
  ({ percent, fraction }) => percent === null || fraction === null,
  'takes only one of percent and fraction',
);

const corsToken = problem(text, (name) => (name === '*' ? null : headerNameProblem(name)));

const origin = problem(text, (written) =>
  /^(?:\*|[a-z][a-z0-9+.-]*:\/\/(?:\*|(?:\*\.)?[^*\s/?#]+)(?::\d+)?)$/i.test(written)
    ? null
    : 'must be *, or scheme://host with an optional port and * before the host',
);

const cors = object<HttpCors>({
  allowOrigins: list(origin),
  allowCredentials: maybe(bool),
  allowMethods: list(corsToken),
  allowHeaders: list(corsToken),
  exposeHeaders: list(corsToken),
  maxAge: withDefault(integer(1, 2147483647), 5),
});

const extensionRef = object<NonNullable<HttpFilter['extensionRef']>>({
  group: text,
  kind: nonEmptyText,
  name: nonEmptyText,
});

/** The field of each type, which has to be there when the type is. */
const FIELD_OF_TYPE: Readonly<Record<string, keyof HttpFilter>> = {
  RequestHeaderModifier: 'requestHeaderModifier',
  ResponseHeaderModifier: 'responseHeaderModifier',
  RequestRedirect: 'requestRedirect',
  URLRewrite: 'urlRewrite',
  RequestMirror: 'requestMirror',
  CORS: 'cors',
  ExtensionRef: 'extensionRef',
};

const filter: Schema<HttpFilter> = check(
  object<HttpFilter>(
    {
      type: oneOf(
        'RequestHeaderModifier',
        'ResponseHeaderModifier',
        'RequestMirror',
        'RequestRedirect',
        'URLRewrite',
        'CORS',
        'ExternalAuth',
        'ExtensionRef',
      ),
      requestHeaderModifier: maybe(headerModifier),
      responseHeaderModifier: maybe(headerModifier),
      requestRedirect: maybe(requestRedirect),
      urlRewrite: maybe(urlRewrite),
      extensionRef: maybe(extensionRef),
      requestMirror: maybe(requestMirror),
      cors: maybe(cors),
    },
    {
      externalAuth: unsupported('no outside authorization is asked for; the rule is left out'),
    },
  ),
  (value) => {
    const field = FIELD_OF_TYPE[value.type];
    return field === undefined || value[field] !== null;
  },
  'must have the field that its type names',
);

/** All but mirrors and extensions go into a list once, and a request is either redirected or rewritten. */
export const filters: Schema<readonly HttpFilter[]> = problem(list(filter), (found) => {
  const types = found.map(({ type }) => type).filter((type) => type !== 'RequestMirror' && type !== 'ExtensionRef');
  const repeated = types.find((type, index) => types.indexOf(type) !== index);
  if (repeated !== undefined) return `must not have ${repeated} twice`;
  return types.includes('RequestRedirect') && types.includes('URLRewrite')
    ? 'must not have RequestRedirect and URLRewrite at once'
    : null;
});
