import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpoints, hostState } from '../../test/support/affinity.ts';
import { spillOverload } from './bounded-load.ts';
import { Hash64 } from './hash64.ts';
import { Host } from './host.ts';
import { type WeightedHosts, weighHosts } from './weighted-hosts.ts';

function loaded(...active: readonly number[]): WeightedHosts<ReturnType<typeof hostState>> {
  const members = endpoints(active.length);
  return weighHosts(members.map((endpoint, i) => new Host(endpoint, hostState({ activeRequests: active[i]! }), 0, i)));
}

const hash = new Hash64().set(0x12345678, 0x9abcdef0);

describe('spillOverload', () => {
  it('keeps the host of the hash up to its share and one more', () => {
    // (2 + 1) * 100 % = 3 slots, of which a third of the hosts has 1
    assert.equal(spillOverload(loaded(1, 1, 0), 0, hash, 100, 2), 0);
    assert.notEqual(spillOverload(loaded(2, 0, 0), 0, hash, 100, 2), 0);
  });

  it('goes to the same other host for the same hash', () => {
    const picks = new Set(Array.from({ length: 5 }, () => spillOverload(loaded(9, 0, 0, 0, 0), 0, hash, 100, 9)));
    assert.equal(picks.size, 1);
    assert.equal(picks.has(0), false);
  });

  it('takes the least loaded where all are overloaded, the host of the hash if none is better', () => {
    assert.equal(spillOverload(loaded(5, 4, 3), 0, hash, 1, 12), 2);
    assert.equal(spillOverload(loaded(5, 5, 5), 1, hash, 1, 15), 1);
  });

  it('serves a single host whatever its load', () => assert.equal(spillOverload(loaded(1000), 0, hash, 100, 5), 0));
});
