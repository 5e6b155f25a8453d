import { toByteString } from '../../../../src/model/byte-string.ts';
import type { ForwardAction, PathMatch } from '../../../../src/model/route.ts';
import { compilePathRewrite } from '../../../../src/routing/path-rewrite.ts';
import { createBalancer, createEnvironment, type RecordedBalancer } from '../balancers.ts';
import { parseHashPolicies } from '../envoy/hash-policy.ts';
import { type HeaderEdits, parseHeaderEdits } from '../envoy/header-edits.ts';
import { readHosts } from '../envoy/hosts.ts';
import { parseConnectionManager } from '../envoy/listener.ts';
import { parseForward, parsePathMatch } from '../envoy/route.ts';
import { Fields } from '../fields.ts';
import { identifyClient } from '../identify-client.ts';
import { parseHeaderLines, RecordedRequest } from '../recorded-request.ts';
import { hasFields, nameCase, type Recording, type Replayer } from '../recording.ts';
import { ALL_ANSWER, runExchange, type ScriptedRoute } from '../scripted-exchange.ts';
import type { Tally } from '../tally.ts';

/** Tries that the recordings made of requests without a hash, and the fewest hosts that so many draws may reach. */
const RANDOM_TRIES = 12;
const FEWEST_DISTINCT = 6;

const DEFAULT_LISTENER = parseConnectionManager(new Fields({}, 'listener'));

/** The request hash of a route, and where it leads in each of the recording's clusters. */
export const hashPoliciesReplayer: Replayer = {
  kinds: ['hash_policies'],
  looksLike: (sample) => hasFields(sample, 'remote', 'path', 'headers', 'hash'),
  replay: (recording, tally) => {
    const clusters = parseClusters(recording);
    for (const [index, item] of recording.cases.entries()) {
      const fields = new Fields(item, 'case');
      tally.case(nameCase(fields, index), () => replayCase(recording, clusters, fields, tally));
    }
  },
};

function parseClusters({ head }: Recording): ReadonlyMap<string, RecordedBalancer> {
  const clusters = head.object('clusters');
  return new Map(
    clusters.names.map((name) => {
      const cluster = clusters.object(name);
      return [name, createBalancer(name, cluster.value('config'), readHosts(cluster))];
    }),
  );
}

function replayCase(
  recording: Recording,
  clusters: ReadonlyMap<string, RecordedBalancer>,
  fields: Fields,
  tally: Tally,
): void {
  const remote = fields.string('remote');
  const path = fields.string('path');
  const headers = parseHeaderLines(fields.value('headers'), 'headers');
  const routeOf = parseRoute(recording, fields);
  const send = (cluster: string, environment = createEnvironment()) => {
    const request = createRequest(path, headers, remote);
    return runExchange(
      { ...routeOf(cluster), balancerOf: (name) => clusters.get(name) },
      request,
      ALL_ANSWER,
      environment,
    );
  };
  const names = [...clusters.keys()];
  tally.check('hash', send(names[0] ?? '').selection.keyHash(), fields.value('hash'));
  if (fields.has('picks')) {
    const picks = fields.object('picks');
    for (const name of picks.names) {
      tally.check(`pick in ${name}`, send(name).attempts[0]?.index ?? null, picks.value(name));
    }
  }
  if (fields.has('distinct_of_12')) {
    const environment = createEnvironment();
    const drawn = new Set(
      Array.from({ length: RANDOM_TRIES }, () => send(names[0] ?? '', environment).selection.chosen),
    );
    fields.value('distinct_of_12');
    tally.check('is drawn at random', drawn.size >= FEWEST_DISTINCT, true);
  }
  fields.end();
}

/** A plain route, or one with rewrites; the cluster is to be filled in. */
function parseRoute({ head }: Recording, fields: Fields): (cluster: string) => Omit<ScriptedRoute, 'balancerOf'> {
  if (fields.has('route')) {
    const name = fields.string('route');
    const policies = parseHashPolicies(head.object('routes').list(name), `route ${name}`);
    return (cluster) => ({ action: parseForward({ cluster, policies, session: null, extra: new Fields({}, name) }) });
  }
  const name = fields.string('rewrite_route');
  return (cluster) => {
    const route = head.object('rewrite_routes').object(name);
    const policies = parseHashPolicies(route.listOrEmpty('hp'), `route ${name}`);
    const action = parseForward({ cluster, policies, session: null, extra: route.objectOrEmpty('route') });
    const match = parsePathMatch(route);
    const headerEdits = parseHeaderEdits(route);
    route.end();
    return { action, edit: (request) => editRequest(request, action, match, headerEdits) };
  };
}

/** What Envoy does to a request before it is hashed (envoy-affinity §7.4). */
function editRequest(
  request: RecordedRequest,
  action: ForwardAction,
  match: PathMatch,
  headerEdits: HeaderEdits,
): void {
  headerEdits(request);
  if (action.pathRewrite !== null) request.path = compilePathRewrite(action.pathRewrite, match)(request.path);
  if (action.hostRewrite !== null) request.authority = toByteString(action.hostRewrite);
}

function createRequest(path: string, headers: ReturnType<typeof parseHeaderLines>, remote: string): RecordedRequest {
  const request = new RecordedRequest(path, headers);
  identifyClient(request, DEFAULT_LISTENER, remote, 40000);
  const [state] = request.values('x-fs');
  // Its filter sets `fs.hash` to the header, to "-" without the header, and not at all if it is empty.
  if (state !== '') request.filterStates.set('fs.hash', state ?? '-');
  return request;
}
