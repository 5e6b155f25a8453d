import type { SessionCarrier, SessionPolicy } from '../model/affinity.ts';
import type { Origin } from '../model/origin.ts';
import type { CorsPolicy, FaultPolicy, ForwardAction } from '../model/route.ts';
import { type EmitContext, reportInexpressible } from './emit-context.ts';
import { emitCookie } from './hash-policy.ts';
import { duration, extension, fractionalPercent, type Message, message, typed } from './proto-json.ts';
import { emitStringMatch } from './route-match.ts';

/** Names of the HTTP filters; routes refer to them. */
export const FAULT_FILTER = 'envoy.filters.http.fault';
export const CORS_FILTER = 'envoy.filters.http.cors';
export const SESSION_FILTER = 'envoy.filters.http.stateful_session';

/** envoy-affinity §12.5. */
const REFUSED_STATUS = 503;

/** What a route tells the filters; a filter that it says nothing to does nothing. */
export function emitFilterConfig(context: EmitContext, action: ForwardAction, origin: Origin): Message {
  const { affinity, cors, fault } = action;
  const at = action.affinityOrigin ?? origin;
  if (affinity.kind === 'strongSession') {
    const message = "Envoy can't seal session tokens: of the SessionPolicy only the fallback key is converted";
    reportInexpressible(context, at, message, 'Let Limpet itself serve the route.');
  }
  return message({
    [FAULT_FILTER]: fault === null ? null : emitFault(fault),
    [CORS_FILTER]: cors === null ? null : emitCors(cors),
    [SESSION_FILTER]: affinity.kind === 'session' ? emitSession(context, affinity.session, at) : null,
  });
}

function emitFault({ delay, abort }: FaultPolicy): Message {
  return typed(
    'envoy.extensions.filters.http.fault.v3.HTTPFault',
    message({
      delay:
        delay === null ? null : { fixedDelay: duration(delay.millis), percentage: fractionalPercent(delay.percent) },
      abort: abort === null ? null : emitAbort(abort),
    }),
  );
}

function emitAbort({ status, grpcStatus, percent }: NonNullable<FaultPolicy['abort']>): Message {
  const answer: Message = grpcStatus === null ? { httpStatus: status } : { grpcStatus };
  return { ...answer, percentage: fractionalPercent(percent) };
}

function emitCors(cors: CorsPolicy): Message {
  return typed(
    'envoy.extensions.filters.http.cors.v3.CorsPolicy',
    message({
      allowOriginStringMatch: cors.allowOrigins.map(emitStringMatch),
      allowMethods: cors.allowMethods.join(',') || null,
      allowHeaders: cors.allowHeaders.join(',') || null,
      exposeHeaders: cors.exposeHeaders.join(',') || null,
      maxAge: cors.maxAge || null,
      allowCredentials: cors.allowCredentials,
      filterEnabled: { defaultValue: fractionalPercent(100) },
      forwardNotMatchingPreflights: cors.forwardNotMatchingPreflights,
    }),
  );
}

function emitSession(context: EmitContext, session: SessionPolicy, origin: Origin): Message | null {
  const [carrier, ...others] = session.carriers;
  if (carrier === undefined) return null;
  if (others.length > 0) {
    const message =
      'Envoy looks for a session in one place only: the first carrier is converted, the others are left out';
    reportInexpressible(context, origin, message);
  }
  const { onLost } = session;
  if (onLost.kind === 'fail' && onLost.refusedStatus !== REFUSED_STATUS) {
    const message = `Envoy answers ${REFUSED_STATUS} where an endpoint that is there may not serve its session`;
    reportInexpressible(context, origin, message);
  }
  const statefulSession = message({
    sessionState: emitSessionState(carrier),
    strict: onLost.kind === 'fail' || null,
    statusOnStrictDestinationNotFound:
      onLost.kind === 'fail' && onLost.unknownStatus !== REFUSED_STATUS ? onLost.unknownStatus : null,
  });
  return typed('envoy.extensions.filters.http.stateful_session.v3.StatefulSessionPerRoute', { statefulSession });
}

function emitSessionState(carrier: SessionCarrier): Message {
  const name = `envoy.http.stateful_session.${carrier.kind}`;
  const types = `envoy.extensions.http.stateful_session.${carrier.kind}.v3`;
  switch (carrier.kind) {
    case 'cookie': {
      const { cookie } = carrier;
      // Without ttl the browser keeps it for its own session.
      const ttl = cookie.ttlMillis === null || cookie.ttlMillis === 0 ? null : duration(cookie.ttlMillis);
      return extension(name, `${types}.CookieBasedSessionState`, { cookie: emitCookie(cookie, ttl) });
    }
    case 'header':
      return extension(name, `${types}.HeaderBasedSessionState`, { name: carrier.name });
    case 'envelope':
      return extension(name, `${types}.EnvelopeSessionState`, { header: { name: carrier.header } });
  }
}
