import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createTempDir } from '../../test/support/temp-dir.ts';
import { claimStateFile, type LabAddress, readStateFile } from './state-file.ts';

const FIRST: LabAddress = { pid: 101, port: 5001, token: 'first' };
const SECOND: LabAddress = { pid: 102, port: 5002, token: 'second' };
const alive = async (): Promise<boolean> => true;
const dead = async (): Promise<boolean> => false;

describe('claimStateFile', () => {
  it('tells where the lab is while it runs, to its user only', async () => {
    using folder = createTempDir();
    const path = join(folder.path, 'lab.json');
    {
      await using _claim = await claimStateFile(path, FIRST, alive);
      assert.deepEqual(await readStateFile(path, alive), FIRST);
      assert.equal(statSync(path).mode & 0o777, 0o600);
      assert.deepEqual(readdirSync(folder.path), ['lab.json']);
    }
    assert.equal(await readStateFile(path, alive), null);
    assert.deepEqual(readdirSync(folder.path), []);
  });

  it('refuses a second lab by naming the first', async () => {
    using folder = createTempDir();
    const path = join(folder.path, 'lab.json');
    await using _claim = await claimStateFile(path, FIRST, alive);
    await assert.rejects(claimStateFile(path, SECOND, alive), /a lab is already running \(process 101\)/);
    assert.deepEqual(await readStateFile(path, alive), FIRST);
  });

  it('takes over from a lab that died, whose late end then does no harm', async () => {
    using folder = createTempDir();
    const path = join(folder.path, 'lab.json');
    const first = await claimStateFile(path, FIRST, alive);
    await using _second = await claimStateFile(path, SECOND, dead);
    await first[Symbol.asyncDispose]();
    assert.deepEqual(await readStateFile(path, alive), SECOND);
  });

  it('takes a file that is damaged for that of a dead lab', async () => {
    using folder = createTempDir();
    const path = folder.write('lab.json', '{"pid":');
    await using _claim = await claimStateFile(path, FIRST, alive);
    assert.equal(JSON.parse(readFileSync(path, 'utf8')).token, 'first');
  });

  it('lets one of several labs win that start together', async () => {
    using folder = createTempDir();
    const path = join(folder.path, 'lab.json');
    const claims = Array.from({ length: 8 }, (_, pid) =>
      claimStateFile(path, { pid, port: 1, token: `t${pid}` }, alive),
    );
    const results = await Promise.allSettled(claims);
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  });
});
