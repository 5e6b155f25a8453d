import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Hash64 } from './hash64.ts';
import { RendezvousSeat, rendezvousValue } from './rendezvous.ts';
import { xxHash64 } from './xx-hash.ts';

const KEYS = Array.from({ length: 20_000 }, (_, index) => xxHash64(`key-${index}`, new Hash64()));

function owners(candidates: Readonly<Record<string, number>>): string[] {
  const seats = Object.entries(candidates).map(([name, weight]) => ({ name, weight, seat: new RendezvousSeat(name) }));
  return KEYS.map((key) => {
    let best = { name: '', value: -1 };
    for (const { name, weight, seat } of seats) {
      const value = rendezvousValue(key, seat, weight);
      if (value > best.value) best = { name, value };
    }
    return best.name;
  });
}

function share(names: readonly string[], name: string): number {
  return names.filter((other) => other === name).length / names.length;
}

describe('rendezvousValue', () => {
  it('spreads keys evenly, and by weight', () => {
    const even = owners({ a: 1, b: 1, c: 1, d: 1 });
    for (const name of ['a', 'b', 'c', 'd']) assert.ok(Math.abs(share(even, name) - 0.25) < 0.02);
    const weighted = owners({ a: 1, b: 3 });
    assert.ok(Math.abs(share(weighted, 'b') - 0.75) < 0.02);
  });

  it('moves nothing between candidates that stay', () => {
    const before = owners({ a: 1, b: 2, c: 1 });
    const after = owners({ a: 1, b: 2, d: 1, e: 1 });
    before.forEach((owner, index) => {
      const now = after[index];
      if (now !== 'd' && now !== 'e' && owner !== 'c') assert.equal(now, owner);
    });
  });

  it('is a positive number for every key', () => {
    const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    fc.assert(
      fc.property(word, word, fc.string(), (hi, lo, name) => {
        const value = rendezvousValue(new Hash64().set(hi, lo), new RendezvousSeat(name), 1);
        assert.ok(value > 0 && Number.isFinite(value));
      }),
    );
  });
});
