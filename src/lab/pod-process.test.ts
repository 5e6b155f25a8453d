import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startHttpServer } from '../../test/support/http-server.ts';
import { type PodProcess, startPodProcess } from './pod-process.ts';

function start(addresses: readonly string[], lines: string[] = []): Promise<PodProcess> {
  return startPodProcess({ name: 'web-0', version: 'v1', addresses, onLine: (line) => lines.push(line) });
}

describe('startPodProcess', { timeout: 30_000 }, () => {
  it('takes the next address where one is in use or not of this machine', async () => {
    await using taken = await startHttpServer((_request, response) => response.end());
    // 192.0.2.0/24 is for documentation (RFC 5737): no machine has it.
    const pod = await start([taken.address, '192.0.2.1:8080', '127.0.0.1:0']);
    try {
      assert.equal(pod.host, '127.0.0.1');
      assert.notEqual(pod.port, taken.port);
    } finally {
      await pod.kill();
    }
  });

  it('rejects when no address is left', async () => {
    await assert.rejects(
      start(['192.0.2.1:8080']),
      /pod web-0 did not start: no address of 192\.0\.2\.1:8080 could be bound/,
    );
  });

  it('lets the request that runs finish before it ends, and keeps its log', async () => {
    const lines: string[] = [];
    const pod = await start(['127.0.0.1:0'], lines);
    const url = `http://127.0.0.1:${pod.port}`;
    const slow = fetch(`${url}/delay/0.3`);
    await fetch(`${url}/healthz`, { headers: { connection: 'close' } });
    await pod.terminate(10_000);
    assert.equal((await slow).status, 200);
    await pod.exited;
    assert.deepEqual(
      lines.map((line) => line.split(' ').slice(1, 5).join(' ')),
      ['web-0 GET /healthz 200', 'web-0 GET /delay/0.3 200'],
    );
  });

  it('is killed when it has not ended in time', async () => {
    const pod = await start(['127.0.0.1:0']);
    const slow = assert.rejects(fetch(`http://127.0.0.1:${pod.port}/delay/10`));
    await fetch(`http://127.0.0.1:${pod.port}/healthz`, { headers: { connection: 'close' } });
    await pod.terminate(50);
    await slow;
  });
});
