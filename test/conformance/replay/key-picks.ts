import { toByteString } from '../../../src/model/byte-string.ts';
import { createEnvironment, type RecordedBalancer } from './balancers.ts';
import { parseHashPolicies } from './envoy/hash-policy.ts';
import { forwardTo, toAffinity, toTarget } from './envoy/route.ts';
import { type Fields, NotUnderstood } from './fields.ts';
import { RecordedRequest } from './recorded-request.ts';
import { ALL_ANSWER, runExchange } from './scripted-exchange.ts';
import type { Tally } from './tally.ts';

/** The recordings' usual policy: the header `x-key`. */
export const KEY_POLICY: readonly unknown[] = [{ header: { header_name: 'x-key' } }];

/** Index of the host that a request with this key goes to, or null. */
export function pickByKey(balancer: RecordedBalancer, key: string): number | null {
  const action = {
    ...forwardTo([toTarget(balancer.cluster.name, 1, {})]),
    affinity: toAffinity(parseHashPolicies(KEY_POLICY, 'hash_policy'), null),
  };
  const request = new RecordedRequest('/', [['x-key', toByteString(key)]]);
  const { attempts } = runExchange({ action, balancerOf: () => balancer }, request, ALL_ANSWER, createEnvironment());
  return attempts[0]?.index ?? null;
}

/** Compares `picks` with where requests with `keys` go. */
export function checkKeyPicks(fields: Fields, balancer: RecordedBalancer, tally: Tally): void {
  const picks = fields.list('picks');
  const keys = fields.strings('keys');
  if (picks.length !== keys.length) throw new NotUnderstood(`${keys.length} keys and ${picks.length} picks`);
  for (const [index, key] of keys.entries()) {
    tally.check(`pick of key ${JSON.stringify(key)}`, pickByKey(balancer, key), picks[index]);
  }
}
