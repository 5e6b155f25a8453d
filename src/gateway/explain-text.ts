import type { HeaderEdit } from '../affinity/header-edit.ts';
import type { SessionCarrier } from '../model/affinity.ts';
import type { Cluster } from '../model/cluster.ts';
import type { DecisionRecord, TokenOutcome } from '../model/decision.ts';
import type { RouteMatch, StringMatch } from '../model/route.ts';
import type { StrongCarrier, StrongSession } from '../model/strong-session.ts';

/** The sentences of `explain`: no key's and no token's value is ever in one. */

export function describeMatch(match: RouteMatch): string {
  const path = match.path.kind === 'regex' ? `regex ${match.path.pattern}` : `${match.path.kind} ${match.path.value}`;
  const headers = match.headers.map(
    ({ name, match: value, invert }) => `${invert ? 'not ' : ''}${name} ${describe(value)}`,
  );
  const query = match.query.map(({ name, match: value }) => `?${name} ${describe(value)}`);
  return ['matches path', path, ...[...headers, ...query].map((condition) => `and ${condition}`)].join(' ');
}

function describe(match: StringMatch): string {
  if (match.kind === 'present') return 'is present';
  return match.kind === 'regex' ? `matches regex ${match.pattern}` : `${match.kind} ${JSON.stringify(match.value)}`;
}

const TOKEN_TEXTS: { readonly [outcome in TokenOutcome]: string } = {
  none: 'the session policy takes no part in this request',
  absent: 'the client sent no session token that can be read',
  expired: "the client's session token has expired",
  used: "the client's session token names an endpoint that may serve",
  'unknown-endpoint': "the client's session token names an endpoint that is not there any more",
  'refused-endpoint': "the client's session token names an endpoint whose health does not let it serve sessions",
  'drained-endpoint': "the client's session token names an endpoint whose time to drain is over",
  exchanged: "the client's token is a readable address, which is honoured and exchanged",
  malformed: "what the client sent in the token's place is no session token",
  'retired-key': "the client's session token was sealed with a key that is not accepted",
  'other-scope': "the client's session token was issued for another service or policy",
  forged: "the client's session token is not authentic",
  'idle-expired': "the client's session was idle for too long",
};

export function describeToken(outcome: TokenOutcome, carriers: readonly (SessionCarrier | StrongCarrier)[]): string {
  return `${TOKEN_TEXTS[outcome]} (${carriers.map(describeCarrier).join(', ')})`;
}

function describeCarrier(carrier: SessionCarrier | StrongCarrier): string {
  switch (carrier.kind) {
    case 'cookie':
      return `cookie ${carrier.cookie.name}`;
    case 'appCookie':
      return `the application's cookie ${carrier.name}`;
    case 'header':
      return `header ${carrier.name}`;
    case 'envelope':
      return `header ${carrier.header}`;
  }
}

/** How a session finds its endpoint that has none, or has to leave it. */
export function describeNewSession({ newSessions }: StrongSession, decision: DecisionRecord): string {
  const among = `${decision.candidates} candidate${decision.candidates === 1 ? '' : 's'}`;
  switch (decision.reason) {
    case 'token':
      return 'nothing is chosen: the session decides';
    case 'session-lost':
      return 'nothing is chosen: the policy wants a lost session to fail';
    case 'rehomed':
      return `the session moves to one of ${among}`;
    case 'rebalanced':
      return `the session is at a safe point and leaves an endpoint with more than its share, for one of ${among}`;
    case 'hash':
      return `the key names its endpoint among ${among}`;
    case 'hash-spilled':
      return `the endpoint that the key names has its share of sessions, the key's next among ${among} takes this one`;
    default:
      return `a new session by ${newSessions.kind}, among ${among}`;
  }
}

export function describeKey(decision: DecisionRecord): string {
  if (decision.keySource === '') return 'no hash policy found a key';
  return decision.generated
    ? `a new value is made for ${decision.keySource}, from the addresses of the connection`
    : `hashed from ${decision.keySource}`;
}

export function describeBalancer({ balancer }: Cluster, decision: DecisionRecord): string {
  const among = `${decision.candidates} candidate${decision.candidates === 1 ? '' : 's'}`;
  if (decision.reason === 'token') return `${balancer.kind} is not asked: the session decides`;
  if (balancer.kind === 'maglev') return `maglev with a table of ${balancer.tableSize}, ${among}${why(decision)}`;
  if (balancer.kind === 'ringHash') {
    return `ring hash of at least ${balancer.minimumSize} entries, ${among}${why(decision)}`;
  }
  return `${balancer.kind}, ${among}`;
}

function why(decision: DecisionRecord): string {
  if (decision.reason === 'hash-spilled')
    return '; the endpoint that the key names has its share of load, the next took it';
  return decision.reason === 'random' ? '; without a key any of them' : '';
}

export function describeCookies(edits: readonly HeaderEdit[]): string {
  if (edits.length === 0) return 'the response tells the client nothing new';
  const names = edits.map(({ name, value }) =>
    name === 'set-cookie' ? `cookie ${value.slice(0, value.indexOf('='))}` : `header ${name}`,
  );
  return `the response sets ${names.join(', ')}`;
}
