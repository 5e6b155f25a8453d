import { decodeBase64, encodeBase64 } from '../../../../src/affinity/base64.ts';
import { encodeSessionMessage, parseSessionMessage } from '../../../../src/affinity/session-message.ts';
import type { SessionPolicy } from '../../../../src/model/affinity.ts';
import { toByteString } from '../../../../src/model/byte-string.ts';
import type { ForwardAction } from '../../../../src/model/route.ts';
import { compilePathRewrite } from '../../../../src/routing/path-rewrite.ts';
import { createBalancer, createEnvironment, type RecordedBalancer } from '../balancers.ts';
import { checkResponseHeader } from '../betterments.ts';
import { parseHashPolicies } from '../envoy/hash-policy.ts';
import { readHosts } from '../envoy/hosts.ts';
import { parseForward } from '../envoy/route.ts';
import { parseSession } from '../envoy/session.ts';
import { Fields } from '../fields.ts';
import { type HeaderLine, parseHeaderLines, RecordedRequest } from '../recorded-request.ts';
import { hasFields, nameCase, type Recording, type Replayer } from '../recording.ts';
import { ALL_ANSWER, runExchange, type ScriptedResult, type UpstreamScript } from '../scripted-exchange.ts';
import type { Tally } from '../tally.ts';

/** Port on which the recordings' hosts refuse connections. */
const REFUSING_PORT = ':8999';

/** Requests with and without a session: where they go and what the response tells the client. */
export const statefulSessionReplayer: Replayer = {
  kinds: ['stateful_session'],
  looksLike: (sample) => hasFields(sample, 'route', 'cluster', 'lb_pick', 'upstream'),
  replay: (recording, tally) => {
    const clusters = new Map<string, RecordedBalancer>();
    for (const [index, item] of recording.cases.entries()) {
      const fields = new Fields(item, 'case');
      tally.case(nameCase(fields, index), () => replayCase(recording, clusters, fields, tally));
    }
  },
};

function replayCase({ head }: Recording, clusters: Map<string, RecordedBalancer>, fields: Fields, tally: Tally): void {
  const cluster = fields.string('cluster');
  const balancer = clusters.get(cluster) ?? createCluster(head, cluster);
  clusters.set(cluster, balancer);
  const nowSeconds = fields.objectOrEmpty('set_cookie_example').numberOr('now', 1_800_000_000);
  const request = createRequest(fields, nowSeconds);
  const routeOf = (session: SessionPolicy | null): ForwardAction => parseRouteAction(head, fields, cluster, session);
  const session = parseRouteSession(head, fields.string('route'));
  const send = (action: ForwardAction, script: UpstreamScript): ScriptedResult =>
    runExchange(
      { action, balancerOf: () => balancer, edit: (edited) => rewritePath(action, edited) },
      request(),
      script,
      createEnvironment(nowSeconds),
    );
  const result = send(routeOf(session), parseScript(fields));
  if (fields.has('lb_pick')) {
    tally.check('lb_pick', send(routeOf(null), ALL_ANSWER).selection.chosen, fields.value('lb_pick'));
  }
  if (fields.has('status')) tally.check('status', result.status, fields.value('status'));
  if (fields.has('flags')) tally.check('flags', result.flags, fields.value('flags'));
  tally.check('upstream', result.attempts.at(-1)?.address ?? null, fields.value('upstream'));
  if (fields.has('attempts')) {
    for (const [index, address] of fields.strings('attempts').entries()) {
      tally.check(`try ${index}`, result.attempts[index]?.address, address);
    }
  }
  checkResponse(fields, result, nowSeconds, tally);
  fields.ignore('id');
  fields.end();
}

function createCluster(head: Fields, name: string): RecordedBalancer {
  const cluster = head.object('clusters').object(name);
  return createBalancer(name, cluster.value('config'), readHosts(cluster), cluster.value('policy'));
}

/** The route's own configuration replaces the filter's; `disabled` switches it off (envoy-affinity §12.9). */
function parseRouteSession(head: Fields, name: string): SessionPolicy | null {
  const route = head.object('routes').object(name);
  if (route.has('per_route')) {
    const perRoute = route.object('per_route');
    if (perRoute.booleanOr('disabled', false)) return null;
    return parseSession(perRoute.object('stateful_session'));
  }
  if (route.has('stateful_session')) return parseSession(route.object('stateful_session'));
  if (route.has('filter')) return parseSession(route.object('filter'));
  return null;
}

function parseRouteAction(head: Fields, fields: Fields, cluster: string, session: SessionPolicy | null): ForwardAction {
  const route = head.object('routes').object(fields.string('route'));
  route.ignore('per_route', 'stateful_session', 'filter');
  const extra = route.objectOrEmpty('route');
  const own = extra.has('hash_policy') ? extra.list('hash_policy') : head.listOrEmpty('hash_policy');
  const policies = parseHashPolicies(own, 'hash_policy');
  const action = parseForward({ cluster, policies, session, extra });
  route.end();
  return action;
}

function rewritePath(action: ForwardAction, request: RecordedRequest): void {
  const match = { kind: 'prefix', value: '/', ignoreCase: false } as const;
  if (action.pathRewrite !== null) request.path = compilePathRewrite(action.pathRewrite, match)(request.path);
  if (action.hostRewrite !== null) request.authority = toByteString(action.hostRewrite);
}

function createRequest(fields: Fields, nowSeconds: number): () => RecordedRequest {
  const lines: HeaderLine[] = [];
  if (fields.has('key')) lines.push(['x-key', toByteString(fields.string('key'))]);
  lines.push(...parseHeaderLines(fields.value('headers'), 'headers'));
  for (const cookie of fields.objects('cookie_with_expiry')) {
    const message = encodeSessionMessage(cookie.string('address'), nowSeconds + cookie.number('expires_in'));
    lines.push(['cookie', `${cookie.string('cookie_name')}=${encodeBase64(message)}`]);
    cookie.end();
  }
  const path = fields.stringOr('path', '/');
  return () => new RecordedRequest(path, lines);
}

function parseScript(fields: Fields): UpstreamScript {
  const behaviour = fields.objectOrEmpty('upstream_behaviour');
  const failing = behaviour.value('hosts_answering_503') ?? [];
  const failingHosts = Array.isArray(failing) ? failing : [failing];
  const status = behaviour.numberOr('status', 200);
  const headers = behaviour.has('response_headers')
    ? parseHeaderLines(behaviour.value('response_headers'), 'response_headers')
    : [];
  behaviour.end();
  const answer = (address: string): number | null => {
    if (address.endsWith(REFUSING_PORT)) return null;
    return failingHosts.includes('*') || failingHosts.includes(address) ? 503 : status;
  };
  return { answer, headers };
}

function checkResponse(fields: Fields, result: ScriptedResult, nowSeconds: number, tally: Tally): void {
  if (fields.has('set_cookie')) checkResponseHeader('set-cookie', fields.strings('set_cookie'), result, tally);
  if (fields.has('set_cookie_template')) checkTemplate(fields, result, nowSeconds, tally);
  const headers = fields.objectOrEmpty('response_headers');
  for (const name of headers.names) checkResponseHeader(name.toLowerCase(), headers.strings(name), result, tally);
  if (fields.has('upstream_request_header')) {
    tally.check('upstream_request_header', result.requestHeader, fields.strings('upstream_request_header'));
  }
}

/** Set-Cookie lines whose value holds a time: by their text around the value, and by one literal sample. */
function checkTemplate(fields: Fields, result: ScriptedResult, nowSeconds: number, tally: Tally): void {
  const decoded = fields.object('set_cookie_value_decoded');
  const message = { address: decoded.string('address'), expires: nowSeconds + decoded.numberOr('expires_in', 0) };
  decoded.end();
  const value = encodeBase64(encodeSessionMessage(message.address, message.expires));
  const expected = fields.strings('set_cookie_template').map((line) => line.replace('{value}', () => value));
  checkResponseHeader('set-cookie', expected, result, tally);
  if (!fields.has('set_cookie_example')) return;
  const example = fields.object('set_cookie_example');
  example.ignore('now');
  const line = example.string('set_cookie');
  checkResponseHeader('set-cookie', [line], result, tally);
  tally.check('decoded value', parseSessionMessage(decodeBase64(/="([^"]*)"/.exec(line)?.[1] ?? '') ?? ''), message);
  example.end();
}
