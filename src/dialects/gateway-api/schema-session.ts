import { gatewayDuration } from '../../resources/duration.ts';
import { cookieName, cookieText, headerName } from '../../resources/http-fields.ts';
import { check, maybe, object, oneOf, type Schema, unsupported, withDefault } from '../../resources/schema.ts';

/** Both shapes that the API has had: `sessionName` and `cookieConfig` up to v1.6, `cookie` and `header` after it. */
export interface SessionPersistence {
  readonly type: 'Cookie' | 'Header';
  readonly absoluteTimeout: number | null;
  readonly sessionName: string | null;
  readonly cookieConfig: { readonly lifetimeType: 'Session' | 'Permanent' } | null;
  readonly cookie: {
    readonly name: string | null;
    readonly path: string;
    readonly lifetimeType: 'Session' | 'Permanent';
  } | null;
  readonly header: { readonly name: string } | null;
}

const lifetimeType = withDefault<'Session' | 'Permanent'>(oneOf('Session', 'Permanent'), 'Session');

const shape = object<SessionPersistence>(
  {
    type: withDefault<'Cookie' | 'Header'>(oneOf('Cookie', 'Header'), 'Cookie'),
    absoluteTimeout: maybe(gatewayDuration),
    sessionName: maybe(cookieName),
    cookieConfig: maybe(object<{ lifetimeType: 'Session' | 'Permanent' }>({ lifetimeType })),
    cookie: maybe(
      object<NonNullable<SessionPersistence['cookie']>>({
        name: maybe(cookieName),
        path: withDefault(cookieText, '/'),
        lifetimeType,
      }),
    ),
    header: maybe(object<{ name: string }>({ name: headerName })),
  },
  { idleTimeout: unsupported('sessions have no idle limit') },
);

export const sessionPersistence: Schema<SessionPersistence> = check(
  check(
    shape,
    ({ type, cookieConfig, cookie, header }) =>
      type === 'Cookie' ? header === null : cookie === null && cookieConfig === null,
    'must not have settings of the type that it is not',
  ),
  ({ absoluteTimeout, cookieConfig, cookie }) =>
    absoluteTimeout !== null || (cookieConfig ?? cookie)?.lifetimeType !== 'Permanent',
  'must have an absoluteTimeout where the lifetimeType is Permanent',
);
