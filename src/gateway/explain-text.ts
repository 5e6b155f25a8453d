import type { HeaderEdit } from '../affinity/header-edit.ts';
import type { SessionPolicy } from '../model/affinity.ts';
import type { Cluster } from '../model/cluster.ts';
import type { DecisionRecord, TokenOutcome } from '../model/decision.ts';
import type { RouteMatch, StringMatch } from '../model/route.ts';

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
};

export function describeToken(outcome: TokenOutcome, session: SessionPolicy): string {
  const carriers = session.carriers.map((carrier) =>
    carrier.kind === 'cookie'
      ? `cookie ${carrier.cookie.name}`
      : `header ${carrier.kind === 'header' ? carrier.name : carrier.header}`,
  );
  return `${TOKEN_TEXTS[outcome]} (${carriers.join(', ')})`;
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
