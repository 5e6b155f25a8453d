import { createBalancer, createEnvironment } from '../balancers.ts';
import { parseHashPolicies } from '../envoy/hash-policy.ts';
import { parseHosts } from '../envoy/hosts.ts';
import { parseConnectionManager } from '../envoy/listener.ts';
import { parseForward } from '../envoy/route.ts';
import { Fields } from '../fields.ts';
import { identifyClient } from '../identify-client.ts';
import { parseHeaderLines, RecordedRequest } from '../recorded-request.ts';
import { hasFields, nameCase, type Recording, type Replayer } from '../recording.ts';
import { ALL_ANSWER, runExchange } from '../scripted-exchange.ts';
import type { Tally } from '../tally.ts';

/** Headers that the recordings noted at the upstream. */
const FORWARDING = [
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-envoy-external-address',
  'x-envoy-internal',
  'x-request-id',
] as const;

/** The client that a listener's settings find, where its address leads, and what the upstream is told. */
export const clientAddressReplayer: Replayer = {
  kinds: ['client_address'],
  looksLike: (sample) => hasFields(sample, 'listener', 'conn_remote', 'headers', 'client_ip'),
  replay: (recording, tally) => {
    for (const [index, item] of recording.cases.entries()) {
      const fields = new Fields(item, 'case');
      const name = `${nameCase(fields, index)} listener ${String(fields.value('listener'))}`;
      tally.case(name, () => replayCase(recording, fields, tally));
    }
  },
};

function replayCase({ head }: Recording, fields: Fields, tally: Tally): void {
  const policy = parseConnectionManager(head.object('listeners').object(fields.string('listener')));
  const request = new RecordedRequest(
    fields.stringOr('path', '/'),
    parseHeaderLines(fields.value('headers'), 'headers'),
  );
  const found = identifyClient(request, policy, fields.string('conn_remote'), 40000);
  tally.check('client_ip', found.clientIp, fields.value('client_ip'));
  tally.check('client_port_kept', found.portKept, fields.value('client_port_kept'));
  const recorded = fields.objectOrEmpty('upstream_headers');
  for (const name of new Set([...FORWARDING, ...recorded.names])) {
    const values = request.values(name);
    const expected = recorded.value(name) ?? [];
    // A header that is missing on both sides says nothing worth counting.
    if (values.length > 0 || recorded.has(name)) tally.check(name, values, expected);
  }
  if (fields.has('pick')) tally.check('pick', pick(head.object('cluster'), request), fields.value('pick'));
  if (fields.has('response_x_request_id')) {
    const answered = policy.requestIdInResponse ? found.requestId : null;
    tally.check('response_x_request_id', answered, fields.value('response_x_request_id'));
  }
  fields.end();
}

function pick(cluster: Fields, request: RecordedRequest): number | null {
  const hosts = parseHosts(cluster.value('hosts'), 'cluster');
  const policies = parseHashPolicies(cluster.list('hash_policy'), 'hash_policy');
  const {
    hosts: _hosts,
    hash_policy: _policy,
    ...config
  } = Object.fromEntries(cluster.names.map((name) => [name, cluster.value(name)]));
  const balancer = createBalancer('recorded', config, hosts);
  const action = parseForward({ cluster: 'recorded', policies, session: null, extra: new Fields({}, 'route') });
  const { attempts } = runExchange({ action, balancerOf: () => balancer }, request, ALL_ANSWER, createEnvironment());
  return attempts[0]?.index ?? null;
}
