import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { isRecord } from '../../resources/plain-value.ts';
import type { FieldPath, Resource } from '../../resources/resource.ts';
import type { Carrier } from './schema-carrier.ts';
import { DEFAULT_IDLE_FOR, type SessionPolicySpec } from './schema-session-policy.ts';

/** RFC 6265bis §5.6: browsers keep no cookie longer. */
const LONGEST_COOKIE_MILLIS = 400 * 86_400_000;

/** Says what is wrong between the fields of a policy; false where the policy can't be used. */
export function reportProblems(policy: Resource, spec: SessionPolicySpec, sink: DiagnosticSink): boolean {
  const warn: Warn = (path, message, help = '') =>
    sink.report('warning', 'ignored-field', policy.position(path, 'key'), message, help);
  const ignore = (fields: readonly string[], why: string) => {
    for (const field of fields) if (isWritten(policy, field)) warn(['spec', field], `spec.${field} is ignored: ${why}`);
  };
  if (spec.carrier.length === 0 && !spec.minimizeMoves) {
    const help = 'Add a carrier, or minimizeMoves: true for affinity by hash alone. Until then the policy is left out.';
    sink.report('error', 'missing-field', policy.position(['spec'], 'key'), 'spec.carrier is missing', help);
    return false;
  }
  if (spec.carrier.length === 0) ignore(ONLY_WITH_TOKEN, 'there is no carrier, so there is no token');
  else {
    if (spec.minimizeMoves) ignore(['minimizeMoves'], 'with a carrier the token keeps a session where it is');
    reportTimes(spec, warn);
    reportCarriers(spec, warn);
  }
  if (spec.token === 'address') {
    ignore(ONLY_WITH_SEALED, 'an address token knows no time and no pod');
    if (spec.maxSessionsPerEndpoint !== null && spec.fallback === null && spec.carrier.length > 0) {
      const help = 'Add a fallback, by which clients are counted, or seal the tokens.';
      warn(['spec', 'maxSessionsPerEndpoint'], 'all sessions of a pod count as one: address tokens are alike', help);
    }
  }
  for (const kind of ['ringHash', 'maglev'] as const) {
    if (spec[kind] !== null && spec.newSessions !== kind && spec.carrier.length > 0) {
      ignore([kind], `newSessions is ${spec.newSessions}`);
    }
  }
  return reportNames(policy, spec, sink);
}

type Warn = (path: FieldPath, message: string, help?: string) => void;

const ONLY_WITH_TOKEN = [
  'token',
  'acceptAddressTokens',
  'keys',
  'absoluteTimeout',
  'newSessions',
  'ringHash',
  'maglev',
  'maxSessionsPerEndpoint',
  'slowStart',
  'onLost',
  'lostHeader',
  'drain',
  'rebalance',
];

const ONLY_WITH_SEALED = [
  'acceptAddressTokens',
  'keys',
  'identity',
  'idleTimeout',
  'absoluteTimeout',
  'rebalance',
] as const;

function isWritten(policy: Resource, field: string): boolean {
  const spec = policy.value['spec'];
  return isRecord(spec) && (spec[field] ?? null) !== null;
}

function reportTimes(spec: SessionPolicySpec, warn: Warn): void {
  const { token, idleTimeout, absoluteTimeout, rebalance } = spec;
  if (token === 'address') return;
  if (idleTimeout !== null && absoluteTimeout !== null && absoluteTimeout < idleTimeout) {
    const message = 'idleTimeout never ends a session: absoluteTimeout is shorter';
    warn(['spec', 'idleTimeout'], message);
  }
  if (rebalance !== null && !spec.carrier.some(({ cookie, header }) => cookie !== null || header !== null)) {
    const message =
      "no session moves for being idle: only the application's own values carry the token, and tell no time of use";
    warn(['spec', 'rebalance'], message, 'Sessions that the application releases move all the same.');
  } else if (rebalance !== null && idleTimeout !== null && (rebalance.idleFor ?? DEFAULT_IDLE_FOR) >= idleTimeout) {
    const message = 'no session moves for being idle: idleTimeout ends it before idleFor has passed';
    warn(['spec', 'rebalance', 'idleFor'], message, 'Sessions that the application releases move all the same.');
  }
}

function reportCarriers(spec: SessionPolicySpec, warn: Warn): void {
  const { idleTimeout, absoluteTimeout, fallback } = spec;
  const longest = spec.token === 'address' ? null : (absoluteTimeout ?? idleTimeout);
  for (const [index, { cookie, appCookie, header, envelope }] of spec.carrier.entries()) {
    const path = ['spec', 'carrier', index, cookie === null ? 'appCookie' : 'cookie'];
    if (cookie?.persistent && longest === null) {
      const help = 'Set absoluteTimeout or idleTimeout to say how long the browser keeps it.';
      warn([...path, 'persistent'], 'the cookie lasts as long as the browser runs: sessions have no end', help);
    } else if (cookie?.persistent && longest !== null && longest > LONGEST_COOKIE_MILLIS) {
      warn([...path, 'persistent'], 'browsers keep a cookie for 400 days at most, and sessions may last longer');
    }
    const ofHeader = (header?.name ?? envelope?.header)?.toLowerCase();
    const source =
      ofHeader !== undefined && fallback?.header?.name.toLowerCase() === ofHeader
        ? 'header'
        : fallback?.cookie?.name === (cookie?.name ?? appCookie?.name ?? '')
          ? 'cookie'
          : null;
    if (source === null) continue;
    const message = `the fallback hashes the ${source} that carries the token, which is no key of a client's own`;
    warn(['spec', 'fallback', source], message, 'Hash what the client always sends, or the source address.');
  }
}

/** One cookie or header can carry one thing. */
function reportNames(policy: Resource, spec: SessionPolicySpec, sink: DiagnosticSink): boolean {
  const seen = new Map<string, string>();
  let isUsable = true;
  const take = (key: string, what: string, path: FieldPath): void => {
    const first = seen.get(key);
    if (first === undefined) {
      seen.set(key, what);
      return;
    }
    const help = `Until it is mended, SessionPolicy ${policy.metadata.name} is left out.`;
    sink.report('error', 'invalid-field', policy.position(path), `${what} is taken by ${first} already`, help);
    isUsable = false;
  };
  for (const [index, carrier] of spec.carrier.entries()) take(...nameOfCarrier(carrier, ['spec', 'carrier', index]));
  if (spec.lostHeader !== null) {
    take(`header ${spec.lostHeader.toLowerCase()}`, `lostHeader ${spec.lostHeader}`, ['spec', 'lostHeader']);
  }
  return isUsable;
}

function nameOfCarrier(carrier: Carrier, path: FieldPath): [key: string, what: string, path: FieldPath] {
  const { cookie, header, appCookie, envelope } = carrier;
  if (cookie !== null) return [`cookie ${cookie.name}`, `the cookie ${cookie.name}`, [...path, 'cookie', 'name']];
  if (appCookie !== null) {
    const what = `the application's cookie ${appCookie.name}`;
    return [`cookie ${appCookie.name}`, what, [...path, 'appCookie', 'name']];
  }
  if (header !== null) {
    return [`header ${header.name.toLowerCase()}`, `the header ${header.name}`, [...path, 'header', 'name']];
  }
  const name = envelope?.header ?? '';
  return [`header ${name.toLowerCase()}`, `the application's header ${name}`, [...path, 'envelope', 'header']];
}
