import type { HashPolicy } from '../../model/affinity.ts';
import type {
  MinimalMoves,
  NewSessions,
  SessionCookie,
  StrongCarrier,
  StrongSession,
  StrongToken,
} from '../../model/strong-session.ts';
import type { KeyRingRef } from './resolve-keys.ts';
import type { Carrier, CookieCarrier } from './schema-carrier.ts';
import { DEFAULT_IDLE_FOR, type SessionPolicySpec } from './schema-session-policy.ts';

/** Live sessions and keys in use are looked at for this long where the policy has no idle timeout (decision 071). */
const DEFAULT_IDLE_MILLIS = 1_800_000;

/** What a policy asks for, on whatever route. */
export function emitSession(spec: SessionPolicySpec, keys: KeyRingRef): Omit<StrongSession, 'policy' | 'scopes'> {
  const { slowStart, onLost, rebalance } = spec;
  const isSealed = spec.token === 'sealed';
  return {
    carriers: spec.carrier.map(emitCarrier),
    token: emitToken(spec, keys),
    identity: spec.identity,
    // An address alone can't tell when it was issued.
    idleTimeoutMillis: isSealed ? spec.idleTimeout : null,
    absoluteTimeoutMillis: isSealed ? spec.absoluteTimeout : null,
    fallback: emitFallback(spec),
    newSessions: emitNewSessions(spec),
    maxSessionsPerEndpoint: spec.maxSessionsPerEndpoint,
    slowStart:
      slowStart === null
        ? null
        : {
            windowMillis: slowStart.window,
            aggression: slowStart.aggression,
            minWeightPercent: slowStart.minWeightPercent,
          },
    onLost:
      onLost.fail === null
        ? { kind: 'rehome' }
        : {
            kind: 'fail',
            status: onLost.fail.status,
            retryAfterSeconds: onLost.fail.retryAfter === null ? null : Math.ceil(onLost.fail.retryAfter / 1000),
          },
    lostHeader: spec.lostHeader?.toLowerCase() ?? '',
    drainDeadlineMillis: spec.drain.deadline,
    rebalance:
      rebalance === null || !isSealed
        ? null
        : {
            idleForMillis: rebalance.idleFor ?? DEFAULT_IDLE_FOR,
            whenAbove: rebalance.whenAbove,
            maxPerMinute: rebalance.maxPerMinute,
          },
  };
}

export function emitMinimalMoves({ identity, idleTimeout }: SessionPolicySpec): MinimalMoves {
  return { identity, idleMillis: idleTimeout ?? DEFAULT_IDLE_MILLIS };
}

function emitToken({ token, acceptAddressTokens }: SessionPolicySpec, { keyRing, keyIds }: KeyRingRef): StrongToken {
  return token === 'address' ? { kind: 'address' } : { kind: 'sealed', keyRing, keyIds, acceptAddressTokens };
}

function emitCarrier({ cookie, header, appCookie, envelope }: Carrier): StrongCarrier {
  if (cookie !== null) return { kind: 'cookie', cookie: emitCookie(cookie) };
  if (header !== null) return { kind: 'header', name: header.name.toLowerCase() };
  if (appCookie !== null) return { kind: 'appCookie', name: appCookie.name };
  return { kind: 'envelope', header: envelope?.header.toLowerCase() ?? '' };
}

function emitCookie(cookie: CookieCarrier): SessionCookie {
  const { name, path, domain, sameSite, httpOnly, partitioned, persistent } = cookie;
  return {
    name,
    path,
    domain: domain.replace(/^\./, '').toLowerCase(),
    sameSite: sameSite === 'Unset' ? null : sameSite,
    secure: cookie.secure ?? (needsSecure(cookie) ? 'always' : 'scheme'),
    httpOnly,
    partitioned,
    persistent,
  };
}

/** Without Secure a browser drops such a cookie, so leaving the attribute out could only lose the session. */
function needsSecure({ name, sameSite, partitioned }: CookieCarrier): boolean {
  return /^__(?:host|secure)-/i.test(name) || sameSite === 'None' || partitioned;
}

/** Terminal, so that the first source that a request has is the key alone. */
export function emitFallback({ fallback }: SessionPolicySpec): HashPolicy[] {
  if (fallback === null) return [];
  const { header, cookie, query, sourceIp } = fallback;
  const terminal = true;
  const policies: HashPolicy[] = [];
  if (header !== null) policies.push({ kind: 'header', name: header.name.toLowerCase(), rewrite: null, terminal });
  if (cookie !== null) {
    policies.push({
      kind: 'cookie',
      cookie: { name: cookie.name, ttlMillis: null, path: '', attributes: [] },
      terminal,
    });
  }
  if (query !== null) policies.push({ kind: 'query', name: query.name, terminal });
  if (sourceIp !== null) policies.push({ kind: 'sourceNetwork', ...sourceIp, terminal });
  return policies;
}

function emitNewSessions({ newSessions, ringHash, maglev }: SessionPolicySpec): NewSessions {
  switch (newSessions) {
    case 'ringHash':
      return {
        kind: 'ringHash',
        minimumSize: ringHash?.minimumSize ?? 1024,
        maximumSize: ringHash?.maximumSize ?? 8388608,
      };
    case 'maglev':
      return { kind: 'maglev', tableSize: maglev?.tableSize ?? 65537 };
    default:
      return { kind: newSessions };
  }
}
