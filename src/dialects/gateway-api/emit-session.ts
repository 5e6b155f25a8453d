import { type Affinity, NO_AFFINITY, type SessionCarrier } from '../../model/affinity.ts';
import type { ResolvedRule } from './resolve-rules.ts';
import type { SessionPersistence } from './schema-session.ts';

/**
 * GEP-1619: a session of the rule's own, never shared with another rule. An unnamed one is named after its rule, in
 * the form that Envoy Gateway uses, so that a move from there keeps the cookie.
 */
export function emitSession({ rule, resource, index }: ResolvedRule): Affinity {
  const persistence = rule.sessionPersistence;
  if (persistence === null) return NO_AFFINITY;
  const { namespace, name } = resource.metadata;
  const carrier = emitCarrier(persistence, `httproute-${namespace}-${name}-rule-${index}`);
  return {
    kind: 'session',
    session: { carriers: [carrier], token: { kind: 'address' }, onLost: { kind: 'rehome' } },
    fallback: [],
  };
}

function emitCarrier(persistence: SessionPersistence, unnamed: string): SessionCarrier {
  const { type, sessionName, cookie, cookieConfig, header, absoluteTimeout } = persistence;
  if (type === 'Header') return { kind: 'header', name: (header?.name ?? sessionName ?? unnamed).toLowerCase() };
  const isPermanent = (cookie ?? cookieConfig)?.lifetimeType === 'Permanent';
  return {
    kind: 'cookie',
    cookie: {
      name: cookie?.name ?? sessionName ?? unnamed,
      ttlMillis: isPermanent ? absoluteTimeout : 0,
      path: cookie?.path ?? '/',
      attributes: [],
    },
  };
}
