import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EjectionBoard } from './ejection-board.ts';

const HOST = { cluster: 'web', address: '127.0.0.1:80' };
const OTHER = { cluster: 'web', address: '127.0.0.2:80' };

describe('EjectionBoard', () => {
  it('has a host out while any worker has', () => {
    const board = new EjectionBoard();
    board.set(0, HOST, true);
    board.set(1, HOST, true);
    board.set(0, HOST, false);
    assert.deepEqual([...board.ejectorsOf(HOST)], [1]);
    assert.equal(board.isEjectedElsewhere(null, HOST), true);
    board.set(1, HOST, false);
    assert.equal(board.isEjectedElsewhere(null, HOST), false);
    assert.deepEqual(board.hosts(), []);
  });

  it('tells a worker of the ejections of others and not of its own', () => {
    const board = new EjectionBoard();
    board.set(1, HOST, true);
    assert.deepEqual([board.isEjectedElsewhere(0, HOST), board.isEjectedElsewhere(1, HOST)], [true, false]);
    board.set(2, HOST, true);
    assert.equal(board.isEjectedElsewhere(1, HOST), true);
    assert.equal(board.isEjectedElsewhere(0, OTHER), false);
  });

  it('lists what one worker has ejected, and forgets hosts that are gone', () => {
    const board = new EjectionBoard();
    board.set(0, HOST, true);
    board.set(1, OTHER, true);
    assert.deepEqual(
      board.hosts(1).map(({ address }) => address),
      [OTHER.address],
    );
    board.retain(({ address }) => address === HOST.address);
    assert.deepEqual(
      board.hosts().map(({ address }) => address),
      [HOST.address],
    );
  });
});
