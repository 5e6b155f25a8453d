import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { shareSockets, type WorkerState } from './socket-shares.ts';

function shares(states: readonly WorkerState[], socketCount: number): number[][] {
  return shareSockets(states, socketCount).map((share) => [...share].sort((a, b) => a - b));
}

describe('shareSockets', () => {
  it('gives each worker a socket of its own', () => {
    assert.deepEqual(shares(['serving', 'serving', 'serving'], 3), [[0], [1], [2]]);
  });

  it('gives several workers one socket where there are fewer', () => {
    assert.deepEqual(shares(['serving', 'serving', 'serving'], 1), [[0], [0], [0]]);
  });

  it('leaves no socket of a larger predecessor out', () => {
    assert.deepEqual(shares(['serving', 'serving'], 5), [
      [0, 2, 4],
      [1, 3],
    ]);
  });

  it('gives the socket of a worker that does not serve to one that does, until it serves', () => {
    assert.deepEqual(shares(['none', 'serving'], 2), [[], [0, 1]]);
    assert.deepEqual(shares(['starting', 'serving'], 2), [[0], [0, 1]]);
    assert.deepEqual(shares(['serving', 'serving'], 2), [[0], [1]]);
  });

  it('has every socket served while any worker serves, and gives none to a worker that is not there', () => {
    const state = fc.constantFrom<WorkerState>('none', 'starting', 'serving');
    const states = fc.array(state, { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(states, fc.nat(12), (workers, socketCount) => {
        const found = shareSockets(workers, socketCount);
        const served = new Set(found.flatMap((share, worker) => (workers[worker] === 'serving' ? [...share] : [])));
        if (workers.includes('serving')) assert.equal(served.size, socketCount);
        for (const [worker, share] of found.entries()) {
          if (workers[worker] === 'none') assert.equal(share.size, 0);
          else assert.equal(share.size > 0, socketCount > 0);
        }
      }),
    );
  });
});
