import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { describe, it } from 'node:test';
import { startProcess } from './child-process.ts';
import { fetchFrom, RawClient } from './http-client.ts';
import { reservePort, startHttpServer, startRawServer } from './http-server.ts';
import { createTempDir } from './temp-dir.ts';
import { skipUnless } from './tools.ts';

describe('startHttpServer', () => {
  it('answers a client and lets nothing open behind it', async () => {
    await using server = await startHttpServer((request, response) => {
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.end(`${request.method} ${request.url}`);
    });
    const response = await fetchFrom({ port: server.port, method: 'POST', path: '/x', body: 'hi' });
    assert.equal(response.status, 200);
    assert.equal(response.text, 'POST /x');
    assert.deepEqual(response.setCookies, ['a=1', 'b=2']);
    assert.equal(server.connectionCount(), 1);
  });
});

describe('startRawServer', () => {
  it('exchanges bytes with a raw client', async () => {
    await using server = await startRawServer((socket) => {
      socket.on('data', (chunk: Buffer) => socket.end(chunk.toString('latin1').toUpperCase()));
    });
    using client = await RawClient.connect(server.port);
    client.write('abc');
    assert.equal(await client.waitFor(/C$/), 'ABC');
    assert.equal(await client.waitForEnd(), 'ABC');
    await assert.rejects(client.waitFor(/never/), /ended before/);
  });
});

describe('reservePort', () => {
  it('gives a port that refuses connections', async () => {
    await assert.rejects(RawClient.connect(await reservePort()), { code: 'ECONNREFUSED' });
  });
});

describe('startProcess', () => {
  it('finds lines, and ends the process with what it started', async () => {
    const childConnected = Promise.withResolvers<void>();
    const childGone = Promise.withResolvers<void>();
    await using server = await startRawServer((socket) => {
      childConnected.resolve();
      socket.resume().once('end', childGone.resolve);
    });
    const child = `require('node:net').connect(${server.port}, '127.0.0.1')`;
    const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}]);
      process.on('SIGTERM', () => console.log('I stay.'));
      console.log('pid ' + process.pid + '.');`;
    const started = await startProcess(process.execPath, ['-e', parent]);
    const [, pid] = await started.waitForLine(/^pid (\d+)\.$/);
    assert.equal(Number(pid), started.pid);
    await childConnected.promise;
    await started.stop(50);
    assert.equal(await started.exit, 'SIGKILL');
    assert.match(started.output(), /I stay\./);
    await childGone.promise;
  });

  it('rejects when the process ends before the line', async () => {
    await using started = await startProcess(process.execPath, ['-e', 'console.log("bye"); process.exit(3)']);
    await assert.rejects(started.waitForLine(/hello/), /ended with 3[\s\S]*bye/);
    assert.equal(await started.exit, 3);
  });

  it('rejects where there is no such program', async () => {
    await assert.rejects(startProcess('/nonexistent/program', []), { code: 'ENOENT' });
  });
});

describe('createTempDir', () => {
  it('removes itself and what is in it', () => {
    let file = '';
    {
      using dir = createTempDir();
      file = dir.write('a/b.yaml', 'x: 1\n');
      assert.equal(existsSync(file), true);
    }
    assert.equal(existsSync(file), false);
  });
});

describe('skipUnless', () => {
  it('does not skip for nothing, and says what is missing', () => {
    assert.equal(skipUnless(), false);
    const reason = skipUnless('envoy', 'wrk');
    if (reason !== false) assert.match(reason, /^this machine has no .*(envoy 1\.40|wrk)/);
  });
});
