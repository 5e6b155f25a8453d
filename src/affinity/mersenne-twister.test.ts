import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MersenneTwister } from './mersenne-twister.ts';

describe('MersenneTwister', () => {
  it('draws what std::mt19937 draws', () => {
    const twister = new MersenneTwister();
    twister.seed(5489);
    assert.deepEqual([twister.draw(), twister.draw(), twister.draw()], [3499211612, 581869302, 3890346734]);
    for (let i = 3; i < 9999; i++) twister.draw();
    // the 10000th number, which the C++ standard names
    assert.equal(twister.draw(), 4123659995);
  });

  it('starts anew when seeded again, also from the middle of its state', () => {
    const twister = new MersenneTwister();
    for (let i = 0; i < 700; i++) {
      if (i % 350 === 0) twister.seed(5489);
      const word = twister.draw();
      if (i % 350 === 0) assert.equal(word, 3499211612);
    }
  });

  it('takes any 32-bit seed, signed or not', () => {
    const signed = new MersenneTwister();
    const unsigned = new MersenneTwister();
    signed.seed(-1);
    unsigned.seed(0xffffffff);
    assert.equal(signed.draw(), unsigned.draw());
  });

  it('draws below a limit', () => {
    const twister = new MersenneTwister();
    twister.seed(1);
    for (let limit = 1; limit < 500; limit++) assert.ok(twister.drawBelow(limit) < limit);
  });
});
