import { createBalancer, createEnvironment, type RecordedBalancer } from '../balancers.ts';
import { checkResponseHeader } from '../betterments.ts';
import { parseHashPolicies } from '../envoy/hash-policy.ts';
import { parseHosts } from '../envoy/hosts.ts';
import { parseConnectionManager } from '../envoy/listener.ts';
import { parseForward } from '../envoy/route.ts';
import { Fields } from '../fields.ts';
import { identifyClient } from '../identify-client.ts';
import { type HeaderLine, parseHeaderLines, RecordedRequest } from '../recorded-request.ts';
import { hasFields, nameCase, type Recording, type Replayer } from '../recording.ts';
import { runExchange, type UpstreamScript } from '../scripted-exchange.ts';
import { splitAddress } from '../split-address.ts';
import type { Tally } from '../tally.ts';

/** Cookie hash policies: the key, the pick, and every Set-Cookie line. */
export const cookiesReplayer: Replayer = {
  kinds: ['cookies'],
  looksLike: (sample) => hasFields(sample, 'route', 'cluster', 'conn_remote', 'conn_local', 'set_cookie'),
  replay: (recording, tally) => {
    for (const [index, item] of recording.cases.entries()) {
      const fields = new Fields(item, 'case');
      tally.case(nameCase(fields, index), () => replayCase(recording, fields, tally));
    }
  },
};

function replayCase({ head }: Recording, fields: Fields, tally: Tally): void {
  const { balancer, refuses } = parseCluster(head, fields.string('cluster'));
  const routeName = fields.string('route');
  const policies = parseHashPolicies(head.object('routes').list(routeName), `route ${routeName}`);
  const retry = head.value(`retry_policy_of_${routeName}`);
  const extra = new Fields(retry === undefined ? {} : { retry_policy: retry }, `route ${routeName}`);
  const action = parseForward({ cluster: fields.string('cluster'), policies, session: null, extra });
  const request = createRequest(fields);
  const script = parseScript(fields, refuses);
  const result = runExchange({ action, balancerOf: () => balancer }, request, script, createEnvironment());
  if (fields.has('status')) tally.check('status', result.status, fields.value('status'));
  checkResponseHeader('set-cookie', fields.strings('set_cookie'), result, tally);
  if (fields.has('hash')) tally.check('hash', result.selection.keyHash(), fields.value('hash'));
  if (fields.has('pick')) tally.check('pick', result.attempts.at(-1)?.index ?? null, fields.value('pick'));
  fields.ignore('request_no_on_connection');
  fields.end();
}

/** A cluster without hosts of its own has the file's; a note says if they refuse connections. */
function parseCluster(head: Fields, name: string): { balancer: RecordedBalancer; refuses: boolean } {
  const cluster = head.object('clusters').object(name);
  const { hosts = head.value('hosts'), ...config } = Object.fromEntries(
    cluster.names.map((field) => [field, cluster.value(field)]),
  );
  const refuses = /refuse/.test(cluster.stringOr('note', ''));
  return { balancer: createBalancer(name, config, parseHosts(hosts, `cluster ${name}`)), refuses };
}

function parseScript(fields: Fields, refuses: boolean): UpstreamScript {
  const status = fields.booleanOr('upstream_always_503', false) ? 503 : 200;
  const cookie = fields.stringOr('upstream_set_cookie', null);
  const headers: HeaderLine[] = cookie === null ? [] : [['set-cookie', cookie]];
  return { answer: () => (refuses ? null : status), headers };
}

function createRequest(fields: Fields): RecordedRequest {
  const request = new RecordedRequest(
    fields.stringOr('path', '/'),
    parseHeaderLines(fields.value('headers'), 'headers'),
  );
  const [proxiedRemote, proxiedLocal] = fields.has('proxy_protocol') ? fields.strings('proxy_protocol') : [];
  const peer = splitAddress(proxiedRemote ?? fields.string('conn_remote'));
  fields.ignore('conn_remote');
  const settings = { use_remote_address: fields.booleanOr('use_remote_address', false) };
  identifyClient(request, parseConnectionManager(new Fields(settings, 'listener')), peer.host, peer.port);
  request.localAddress = proxiedLocal ?? fields.string('conn_local');
  fields.ignore('conn_local');
  return request;
}
