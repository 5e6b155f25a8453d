import { toByteString } from '../../../../src/model/byte-string.ts';
import { createBalancer, createEnvironment } from '../balancers.ts';
import { parseHashPolicies } from '../envoy/hash-policy.ts';
import { parseHosts } from '../envoy/hosts.ts';
import { forwardTo, toAffinity, toTarget } from '../envoy/route.ts';
import { Fields, NotUnderstood } from '../fields.ts';
import { KEY_POLICY } from '../key-picks.ts';
import { RecordedRequest } from '../recorded-request.ts';
import { hasFields, nameCase, type Recording, type Replayer } from '../recording.ts';
import { ALL_ANSWER, runExchange } from '../scripted-exchange.ts';
import type { Tally } from '../tally.ts';

/** The cluster that a route's hash draws among weighted ones. */
export const weightedClustersReplayer: Replayer = {
  kinds: ['weighted_clusters'],
  looksLike: (sample) => hasFields(sample, 'weights', 'keys', 'picks'),
  replay: (recording, tally) => {
    for (const [index, item] of recording.cases.entries()) {
      const fields = new Fields(item, 'case');
      tally.case(nameCase(fields, index), () => replayCase(recording, fields, tally));
    }
  },
};

function replayCase({ head }: Recording, fields: Fields, tally: Tally): void {
  if (!head.booleanOr('use_hash_policy', true)) throw new NotUnderstood('weighted clusters drawn at random');
  const policies = head.has('hash_policy') ? head.list('hash_policy') : KEY_POLICY;
  const weights = fields.list('weights').map(Number);
  const balancers = weights.map((_, index) =>
    createBalancer(`cluster-${index}`, { lb_policy: 'RING_HASH' }, parseHosts([`10.0.0.${index + 1}:80`], 'hosts')),
  );
  const action = {
    ...forwardTo(weights.map((weight, index) => toTarget(`cluster-${index}`, weight, {}))),
    targetByHash: true,
    affinity: toAffinity(parseHashPolicies(policies, 'hash_policy'), null),
  };
  const balancerOf = (name: string) => balancers.find((balancer) => balancer.cluster.name === name);
  const picks = fields.list('picks');
  for (const [index, key] of fields.strings('keys').entries()) {
    const request = new RecordedRequest('/', [['x-key', toByteString(key)]]);
    const { selection } = runExchange({ action, balancerOf }, request, ALL_ANSWER, createEnvironment());
    tally.check(`cluster of key ${key}`, selection.cluster, `cluster-${String(picks[index])}`);
  }
  fields.ignore('id');
  fields.end();
}
