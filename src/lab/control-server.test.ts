import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTempDir } from '../../test/support/temp-dir.ts';
import { connectToLab, isLabAlive } from './control-client.ts';
import { createControlServer } from './control-server.ts';
import { LabProblem } from './lab-problem.ts';
import type { LabControls, PodView } from './lab-views.ts';
import { LogBuffer } from './log-buffer.ts';
import { claimStateFile } from './state-file.ts';

const POD: PodView = {
  tutorial: 'asm-httpbin',
  service: 'httpbin',
  name: 'httpbin-0',
  version: 'v1',
  address: '127.0.1.1:8080',
  pid: 1,
  state: 'ready',
  restarts: 0,
};

function createControls(log: LogBuffer = new LogBuffer()): LabControls & { readonly calls: unknown[] } {
  const calls: unknown[] = [];
  return {
    calls,
    pods: () => [POD],
    async scale(...args) {
      calls.push(['scale', ...args]);
      return [];
    },
    async kill(...args) {
      calls.push(['kill', ...args]);
      return POD;
    },
    log(pod) {
      if (pod !== POD.name) throw new LabProblem(`there is no pod ${pod}`);
      return log;
    },
  };
}

describe('the lab and its commands', () => {
  it('understand each other', async () => {
    using folder = createTempDir();
    const controls = createControls();
    await using server = await createControlServer(controls);
    const stateFile = `${folder.path}/lab.json`;
    await using _claim = await claimStateFile(stateFile, server.address, isLabAlive);
    const client = await connectToLab(stateFile);
    assert.deepEqual(await client.pods(), [POD]);
    assert.deepEqual(await client.scale('httpbin', 3, null), []);
    assert.deepEqual(await client.kill('httpbin-0', false), POD);
    assert.deepEqual(controls.calls, [
      ['scale', 'httpbin', 3, null],
      ['kill', 'httpbin-0', false],
    ]);
    await assert.rejects(client.scale('httpbin', 51, null), { message: 'a service has 0 to 50 replicas' });
    await assert.rejects(client.log('web', false), { message: 'there is no pod web' });
  });

  it('pass on the log there is and, to a follower, what comes', async () => {
    using folder = createTempDir();
    const log = new LogBuffer();
    log.append('before');
    const server = await createControlServer(createControls(log));
    await using _claim = await claimStateFile(`${folder.path}/lab.json`, server.address, isLabAlive);
    const client = await connectToLab(`${folder.path}/lab.json`);
    const text = async (follow: boolean, onChunk: () => void): Promise<string> => {
      let all = '';
      try {
        for await (const chunk of await client.log('httpbin-0', follow)) {
          all += chunk;
          onChunk();
        }
      } catch {
        // A follower is cut off when the lab ends.
      }
      return all;
    };
    assert.equal(await text(false, () => {}), 'before\n');
    const first = Promise.withResolvers<void>();
    let chunks = 0;
    const following = text(true, () => {
      chunks++;
      if (chunks === 1) log.append('later');
      else first.resolve();
    });
    await first.promise;
    await server[Symbol.asyncDispose]();
    assert.equal(await following, 'before\nlater\n');
  });
});

describe('createControlServer', () => {
  it('serves nobody without the token of this run', async () => {
    await using server = await createControlServer(createControls());
    const url = `http://127.0.0.1:${server.address.port}/pods`;
    const headers = { connection: 'close' };
    assert.equal((await fetch(url, { headers })).status, 401);
    assert.equal((await fetch(url, { headers: { ...headers, authorization: 'Bearer x' } })).status, 401);
    const authorization = `Bearer ${server.address.token}`;
    assert.equal((await fetch(url, { headers: { ...headers, authorization } })).status, 200);
    assert.equal((await fetch(`${url}x`, { headers: { ...headers, authorization } })).status, 404);
  });
});

describe('isLabAlive', () => {
  it('tells a lab from nothing, and from a stranger at its old port', async () => {
    const server = await createControlServer(createControls());
    assert.equal(await isLabAlive(server.address), true);
    assert.equal(await isLabAlive({ ...server.address, token: 'old' }), false);
    await server[Symbol.asyncDispose]();
    assert.equal(await isLabAlive(server.address), false);
  });
});
