import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createTempDir } from '../../../test/support/temp-dir.ts';
import { DrainFile, type DrainOrder, type SavedDrains } from './drain-file.ts';

const ORDERS: readonly DrainOrder[] = [
  { pod: { uid: 'u1', namespace: 'shop', name: 'web-0', address: '' }, startedSeconds: 17.5, deadlineSeconds: null },
  { pod: { uid: '', namespace: '', name: '', address: '10.0.0.1:80' }, startedSeconds: 18, deadlineSeconds: 90 },
];
const DRAINS: SavedDrains = {
  orders: ORDERS,
  starts: [{ pod: { uid: 'u2', namespace: 'shop', name: 'web-1', address: '' }, startedSeconds: 19 }],
};

describe('DrainFile', () => {
  it('keeps drains, in a folder that it makes, readable for its user alone, and leaves nothing else there', () => {
    using folder = createTempDir();
    const path = join(folder.path, 'state', 'drains', 'a.json');
    const file = new DrainFile(path);
    assert.deepEqual(file.load(), { orders: [], starts: [] });
    file.save(DRAINS);
    file.save(DRAINS);
    assert.deepEqual(new DrainFile(path).load(), DRAINS);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.deepEqual(readdirSync(join(path, '..')), ['a.json']);
  });

  it('reads the orders of versions that wrote nothing else', () => {
    using folder = createTempDir();
    const path = folder.write('drains.json', JSON.stringify({ orders: ORDERS }));
    assert.deepEqual(new DrainFile(path).load(), { orders: ORDERS, starts: [] });
  });

  it('says what is wrong with a file that holds something else', () => {
    using folder = createTempDir();
    const [order] = ORDERS;
    const texts = [
      '',
      '{',
      '[]',
      '{"orders":[1]}',
      '{"orders":[],"starts":[1]}',
      JSON.stringify({ orders: [{ ...order, startedSeconds: '1' }] }),
    ];
    for (const text of [...texts, JSON.stringify({ orders: [{ ...order, pod: { uid: 1 } }] })]) {
      const path = folder.write('drains.json', text);
      assert.throws(() => new DrainFile(path).load(), /drains\.json holds no orders to drain/);
    }
    assert.throws(() => new DrainFile(folder.path).load(), /can't be read/);
  });
});
