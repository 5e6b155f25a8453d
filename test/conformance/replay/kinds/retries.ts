import { toByteString } from '../../../../src/model/byte-string.ts';
import { createBalancer, createEnvironment } from '../balancers.ts';
import { parseHashPolicies } from '../envoy/hash-policy.ts';
import { readHosts } from '../envoy/hosts.ts';
import { forwardTo, parseRetry, toAffinity, toTarget } from '../envoy/route.ts';
import { asList, Fields } from '../fields.ts';
import { KEY_POLICY } from '../key-picks.ts';
import { RecordedRequest } from '../recorded-request.ts';
import { hasFields, nameCase, type Replayer } from '../recording.ts';
import { runExchange, type UpstreamScript } from '../scripted-exchange.ts';
import type { Tally } from '../tally.ts';

const ALL_FAIL: UpstreamScript = { answer: () => 503, headers: [] };

/** The hosts that a request is tried on while all of them answer 503. */
export const retriesReplayer: Replayer = {
  kinds: ['retries'],
  looksLike: (sample) => hasFields(sample, 'config', 'retry_policy', 'hosts', 'keys', 'attempts'),
  replay: ({ cases }, tally) => {
    for (const [index, item] of cases.entries()) {
      const fields = new Fields(item, 'case');
      tally.case(nameCase(fields, index), () => replayCase(fields, tally));
    }
  },
};

function replayCase(fields: Fields, tally: Tally): void {
  fields.ignore('id', 'type');
  const balancer = createBalancer('retries', fields.value('config'), readHosts(fields), fields.value('policy'));
  const action = {
    ...forwardTo([toTarget('retries', 1, {})]),
    affinity: toAffinity(parseHashPolicies(KEY_POLICY, 'hash_policy'), null),
    retry: parseRetry(fields.object('retry_policy')),
  };
  const recorded = fields.list('attempts');
  for (const [index, key] of fields.strings('keys').entries()) {
    const request = new RecordedRequest('/', [['x-key', toByteString(key)]]);
    const result = runExchange({ action, balancerOf: () => balancer }, request, ALL_FAIL, createEnvironment());
    const expected = asList(recorded[index], `attempts[${index}]`);
    if (result.attempts.length !== expected.length)
      tally.check(`number of tries of ${key}`, result.attempts.length, expected.length);
    for (const [attempt, host] of expected.entries()) {
      tally.check(`try ${attempt} of ${key}`, result.attempts[attempt]?.index, host);
    }
  }
  fields.end();
}
