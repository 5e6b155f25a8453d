import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startChurn } from '../../../test/support/churn-client.ts';
import { canConnect, clientPortsOf, NO_SOCKET_TABLE } from '../../../test/support/connections.ts';
import { fetchFrom, RawClient } from '../../../test/support/http-client.ts';
import { startHttpServer } from '../../../test/support/http-server.ts';
import {
  buildCluster,
  buildEndpoint,
  buildForward,
  buildListener,
  buildRoute,
} from '../../../test/support/model-builder.ts';
import { eventually, isRunning } from '../../../test/support/processes.ts';
import { replaceWorker, startWorkers } from '../../../test/support/workers.ts';
import type { Listener } from '../../model/listener.ts';

describe('createWorkers', { timeout: 120_000 }, () => {
  it('serves one port from every worker, and sums what they count', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('pod'));
    await using started = await startWorkers([buildCluster('web', [buildEndpoint(pod)])]);
    assert.deepEqual(
      started.workers.workers.map(({ isServing, restarts }) => [isServing, restarts]),
      [
        [true, 0],
        [true, 0],
      ],
    );
    await using churn = startChurn({ port: started.port });
    await churn.succeedMore(200);
    await churn.stop();
    assert.equal(await started.metric('limpet_responses_total{cluster="web",status="2xx"}'), churn.succeeded);
    assert.equal(await started.metric('limpet_downstream_requests_total{listener="test"}'), churn.succeeded);
    assert.equal(await started.metric('limpet_worker_up{worker="1"}'), 1);
    const text = await started.metrics.metrics();
    for (const worker of [0, 1]) {
      assert.match(text, new RegExp(`^limpet_worker_resident_memory_bytes\\{worker="${worker}"\\} \\d{7,}$`, 'm'));
    }
    const [host] = started.workers.gateway.runtime?.clusters.get('web')?.balancer.hosts ?? [];
    assert.equal(host?.state.requests, churn.succeeded, 'views read the sums too');
  });

  it('spreads connections over all workers', { skip: NO_SOCKET_TABLE }, async () => {
    await using started = await startWorkers([buildCluster('web', [])]);
    const clients: RawClient[] = [];
    // With two workers, 40 connections end up on one of them once in 2^39 times.
    for (let i = 0; i < 40; i++) clients.push(await RawClient.connect(started.port));
    const { workers, port } = started;
    await eventually('all connections to be accepted', () => {
      const counts = workers.workers.map(({ pid }) => clientPortsOf(pid, port).size);
      return counts.every((each) => each > 0) && counts.reduce((sum, each) => sum + each) === 40;
    });
    for (const client of clients) client.close();
  });

  it('serves a new snapshot from every worker when apply resolves', async () => {
    await using first = await startHttpServer((_request, response) => response.end('first'));
    await using second = await startHttpServer((_request, response) => response.end('second'));
    await using started = await startWorkers([buildCluster('web', [buildEndpoint(first)])], { count: 3 });
    for (const pod of [second, first, second]) {
      await started.apply([buildCluster('web', [buildEndpoint(pod)])]);
      const answers = await Promise.all(Array.from({ length: 20 }, () => fetchFrom({ port: started.port })));
      assert.deepEqual(new Set(answers.map(({ text }) => text)), new Set([pod === first ? 'first' : 'second']));
    }
  });

  it('binds and lets go of ports as listeners come and go', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('pod'));
    const clusters = [buildCluster('web', [buildEndpoint(pod)])];
    await using started = await startWorkers(clusters);
    const { port } = started;
    const listener = (modelPort: number): Listener =>
      buildListener([buildRoute(buildForward('web'))], { name: `port-${modelPort}`, port: modelPort });
    assert.deepEqual(await started.apply(clusters, [listener(80), listener(pod.port)]), [
      { listener: `port-${pod.port}`, message: `listen EADDRINUSE: address already in use 127.0.0.1:${pod.port}` },
    ]);
    assert.deepEqual(await started.apply(clusters, []), []);
    await assert.rejects(fetchFrom({ port }), { code: 'ECONNREFUSED' });
    // The very port that has just been let go of, under another key.
    assert.deepEqual(await started.apply(clusters, [listener(port)]), []);
    assert.equal((await fetchFrom({ port })).text, 'pod');
  });

  it('loses only the requests of a worker that is killed', { skip: NO_SOCKET_TABLE }, async () => {
    await using pod = await startHttpServer((_request, response) => response.end('pod'));
    await using started = await startWorkers([buildCluster('web', [buildEndpoint(pod)])]);
    const { workers, port } = started;
    await using churn = startChurn({ port });
    for (let round = 0; round < 3; round++) {
      await churn.succeedAnyway(100);
      const pid = workers.workers[0]?.pid ?? 0;
      // It takes no new connection between the look at those it has and its end.
      process.kill(pid, 'SIGSTOP');
      const taken = clientPortsOf(pid, port);
      const failedBefore = churn.failures.length;
      await replaceWorker(started, 0);
      await churn.succeedAnyway(200);
      const unexpected = churn.failures.slice(failedBefore).filter(({ clientPort }) => !taken.has(clientPort));
      assert.deepEqual(unexpected, []);
    }
    assert.equal(workers.workers[0]?.restarts, 3);
  });

  it('has another worker serve within a second', async () => {
    await using started = await startWorkers([buildCluster('web', [])]);
    const millis: number[] = [];
    for (const worker of [0, 1, 0]) {
      const start = performance.now();
      await replaceWorker(started, worker);
      millis.push(performance.now() - start);
    }
    // The best of three: a machine that is busy with other tests says nothing about this one.
    assert.ok(Math.min(...millis) < 1_000, `${millis}`);
  });

  it('serves what waits for a worker that is gone by the others', { skip: NO_SOCKET_TABLE }, async () => {
    await using pod = await startHttpServer((_request, response) => response.end('pod'));
    await using started = await startWorkers([buildCluster('web', [buildEndpoint(pod)])]);
    const pid = started.workers.workers[0]?.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    // With 40 connections some wait for the worker that is stopped, and some do not.
    const answers = Array.from({ length: 40 }, () => fetchFrom({ port: started.port }));
    await Promise.any(answers);
    process.kill(pid, 'SIGKILL');
    for (const { text } of await Promise.all(answers)) assert.equal(text, 'pod');
  });

  it('kills a worker that does not answer', async () => {
    await using started = await startWorkers([buildCluster('web', [])], { pingMillis: 50 });
    const pid = started.workers.workers[1]?.pid ?? 0;
    process.kill(pid, 'SIGSTOP');
    const { fields } = await started.log.next(({ message }) => message === 'a worker does not answer and is killed');
    assert.deepEqual([fields['worker'], fields['pid']], [1, pid]);
    await started.log.next(({ message }) => message === 'the new worker serves');
    assert.equal(isRunning(pid), false);
  });

  it('never lets a counter fall when a worker ends', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('pod'));
    const clusters = [buildCluster('web', [buildEndpoint(pod)])];
    await using started = await startWorkers(clusters);
    const requests = (): Promise<number> => started.metric('limpet_responses_total{cluster="web",status="2xx"}');
    await using churn = startChurn({ port: started.port });
    await churn.succeedMore(100);
    await churn.stop();
    const before = churn.succeeded;
    assert.equal(await requests(), before);
    for (const worker of [0, 1]) await replaceWorker(started, worker);
    assert.equal(await requests(), before, 'what the dead have counted stays');
    assert.equal(await started.metric('limpet_worker_restarts_total{worker="1"}'), 1);
    assert.equal((await fetchFrom({ port: started.port })).status, 200);
    assert.equal(await requests(), before + 1);
    await started.apply([buildCluster('other', [buildEndpoint(pod)])]);
    assert.equal(await requests(), 0, 'a cluster that is gone is forgotten');
  });

  it('finishes what runs when it drains', async () => {
    const arrived = Promise.withResolvers<() => void>();
    await using pod = await startHttpServer((_request, response) => arrived.resolve(() => response.end('late')));
    await using started = await startWorkers([buildCluster('web', [buildEndpoint(pod)])]);
    const { port, workers } = started;
    const answer = fetchFrom({ port });
    const finish = await arrived.promise;
    const drained = workers.drain(30_000);
    await eventually('new connections to be refused', async () => !(await canConnect(port)));
    finish();
    assert.equal((await answer).text, 'late');
    await drained;
    assert.deepEqual(new Set(workers.workers.map(({ pid }) => pid)), new Set([0]));
  });

  it('cuts what runs when the grace period is over', async () => {
    const arrived = Promise.withResolvers<void>();
    await using pod = await startHttpServer(() => arrived.resolve());
    await using started = await startWorkers([buildCluster('web', [buildEndpoint(pod)])]);
    const broken = assert.rejects(fetchFrom({ port: started.port }));
    await arrived.promise;
    await started.workers.drain(50);
    await broken;
  });
});
