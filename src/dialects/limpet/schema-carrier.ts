import { dnsNameProblem } from '../../resources/host-names.ts';
import { cookieName, cookieText, headerNameProblem } from '../../resources/http-fields.ts';
import { bool, maybe, object, oneOf, problem, type Schema, text, withDefault } from '../../resources/schema.ts';

/** One item of `carrier`: exactly one of them is not null. */
export interface Carrier {
  readonly cookie: CookieCarrier | null;
  readonly header: { readonly name: string } | null;
  readonly appCookie: { readonly name: string } | null;
  readonly envelope: { readonly header: string } | null;
}

export interface CookieCarrier {
  readonly name: string;
  readonly path: string;
  readonly domain: string;
  readonly sameSite: 'Strict' | 'Lax' | 'None' | 'Unset';
  /** null: `scheme`, or `always` where a browser takes the cookie with Secure alone. */
  readonly secure: 'always' | 'never' | 'scheme' | null;
  readonly httpOnly: boolean;
  readonly partitioned: boolean;
  readonly persistent: boolean;
}

/** Headers that frame a message, belong to one connection, or mean something to whoever gets the message. */
const RESERVED: ReadonlySet<string> = new Set(
  `accept accept-encoding accept-language accept-ranges age allow authorization cache-control connection content-encoding
  content-language content-length content-location content-range content-type cookie date etag expect expires forwarded
  host if-match if-modified-since if-none-match if-range if-unmodified-since keep-alive last-modified limpet-session
  location origin proxy-authenticate proxy-authorization proxy-connection range referer retry-after server set-cookie te
  trailer transfer-encoding upgrade user-agent vary via www-authenticate x-forwarded-for x-forwarded-host
  x-forwarded-proto x-request-id`.split(/\s+/),
);

/** A header that a session may use for itself. */
export const sessionHeader: Schema<string> = problem(text, (name) => {
  if (RESERVED.has(name.toLowerCase())) return 'must not be a header that has a meaning of its own';
  return headerNameProblem(name);
});

const cookiePath = problem(cookieText, (path) => (path.startsWith('/') ? null : 'must begin with /'));

const cookieDomain = problem(text, (domain) =>
  domain === '' ? null : dnsNameProblem(domain.startsWith('.') ? domain.slice(1) : domain),
);

/** RFC 6265bis §4.1.3 and §5.7, and CHIPS for Partitioned: what a browser would drop is refused here. */
function cookieProblem({ name, path, domain, secure, sameSite, partitioned }: CookieCarrier): string | null {
  const isHostBound = /^__host-/i.test(name);
  if (isHostBound && path !== '/') return 'must have the path /, because its name begins with __Host-';
  if (isHostBound && domain !== '') return 'must have no domain, because its name begins with __Host-';
  if (secure !== 'never') return null;
  const why = (what: string): string => `is never secure, and browsers drop ${what} that is not`;
  if (isHostBound || /^__secure-/i.test(name)) return why('a cookie named __Host- or __Secure-');
  if (sameSite === 'None') return why('a cookie with SameSite=None');
  return partitioned ? why('a partitioned cookie') : null;
}

const cookie = problem(
  object<CookieCarrier>({
    name: cookieName,
    path: withDefault(cookiePath, '/'),
    domain: withDefault(cookieDomain, ''),
    sameSite: withDefault<CookieCarrier['sameSite']>(oneOf('Strict', 'Lax', 'None', 'Unset'), 'Lax'),
    secure: maybe(oneOf('always', 'never', 'scheme')),
    httpOnly: withDefault(bool, true),
    partitioned: withDefault(bool, false),
    persistent: withDefault(bool, false),
  }),
  cookieProblem,
);

export const carrier: Schema<Carrier> = problem(
  object<Carrier>({
    cookie: maybe(cookie),
    header: maybe(object<{ name: string }>({ name: sessionHeader })),
    appCookie: maybe(object<{ name: string }>({ name: cookieName })),
    envelope: maybe(object<{ header: string }>({ header: sessionHeader })),
  }),
  (found) =>
    Object.values(found).filter((kind) => kind !== null).length === 1
      ? null
      : 'must have exactly one of cookie, header, appCookie, envelope',
);
