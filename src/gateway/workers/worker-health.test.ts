import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { describe, it } from 'node:test';
import { fetchFrom } from '../../../test/support/http-client.ts';
import { startHttpServer, type TestServer } from '../../../test/support/http-server.ts';
import { buildCluster, buildEndpoint } from '../../../test/support/model-builder.ts';
import { eventually } from '../../../test/support/processes.ts';
import { replaceWorker, startWorkers } from '../../../test/support/workers.ts';
import type { HealthCheck, OutlierDetection } from '../../model/cluster.ts';

const DETECTION: OutlierDetection = {
  consecutive5xx: 3,
  consecutiveGatewayErrors: 0,
  consecutiveLocalFailures: 0,
  splitLocalOrigin: false,
  enforcing5xxPercent: 100,
  enforcingGatewayErrorsPercent: 100,
  enforcingLocalFailuresPercent: 100,
  intervalMillis: 100,
  baseEjectionMillis: 60_000,
  maxEjectionMillis: 60_000,
  maxEjectionPercent: 100,
};

const CHECK: HealthCheck = {
  probe: { kind: 'http', path: '/healthz', host: '', expectedStatuses: [[200, 200]] },
  timeoutMillis: 1_000,
  intervalMillis: 100,
  unhealthyThreshold: 1,
  healthyThreshold: 1,
};

/** A pod that answers with its name, and with `status`, which a test may change. */
interface Pod {
  readonly name: string;
  readonly server: TestServer;
  status: number;
  healthStatus: number;
  probes: number;
}

async function startPod(name: string, stack: AsyncDisposableStack): Promise<Pod> {
  const server = await startHttpServer((request, response) => {
    if (request.url === '/healthz') {
      pod.probes++;
      response.writeHead(pod.healthStatus).end();
    } else {
      response.writeHead(pod.status).end(name);
    }
  });
  stack.use(server);
  const pod: Pod = { name, server, status: 200, healthStatus: 200, probes: 0 };
  return pod;
}

/** Pods that answer fresh connections, which go to all workers. */
async function answering(port: number): Promise<string> {
  const answers = await Promise.all(Array.from({ length: 30 }, () => fetchFrom({ port })));
  return [...new Set(answers.map(({ text }) => text))].sort().join(' ');
}

describe('createWorkers, health of hosts', { timeout: 60_000 }, () => {
  it('ejects a host from all workers when one has seen it fail, until that one has ended', async () => {
    await using stack = new AsyncDisposableStack();
    const [good, bad] = [await startPod('good', stack), await startPod('bad', stack)];
    const endpoints = [good, bad].map(({ server }) => buildEndpoint(server));
    await using started = await startWorkers([buildCluster('web', endpoints, { outlierDetection: DETECTION })], {
      count: 3,
    });
    const { port } = started;
    bad.status = 500;
    // One connection, so one worker sees it all.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 6; i++) await fetchFrom({ port, agent });
    agent.destroy();
    await eventually('all workers to avoid the host', async () => (await answering(port)) === 'good');
    bad.status = 200;
    assert.equal(await answering(port), 'good');
    assert.deepEqual(ejectedIn(started.workers.gateway), [bad.server.address], 'the mirror knows, and explain with it');
    const { fields } = await started.log.next(({ message }) => message === 'endpoint ejected');
    const ejector = Number(fields['worker']);

    await replaceWorker(started, (ejector + 1) % 3);
    assert.equal(await answering(port), 'good', 'a worker that starts is told');
    await replaceWorker(started, ejector);
    await eventually('the host to be back', async () => (await answering(port)) === 'bad good');
    assert.deepEqual(ejectedIn(started.workers.gateway), []);
  });

  it('checks each host once, whatever the number of workers, and tells all', async () => {
    await using stack = new AsyncDisposableStack();
    const [first, second] = [await startPod('first', stack), await startPod('second', stack)];
    const endpoints = [first, second].map(({ server }) => buildEndpoint(server));
    await using started = await startWorkers([buildCluster('web', endpoints, { healthChecks: [CHECK] })], { count: 3 });
    const { port } = started;
    await eventually('a first check', () => first.probes > 0);
    const [startedAt, probesBefore] = [performance.now(), first.probes];
    await eventually('ten more checks', () => first.probes >= probesBefore + 10);
    const intervals = (performance.now() - startedAt) / CHECK.intervalMillis;
    assert.ok(intervals > 8, `10 checks in the time of ${intervals}`);

    first.healthStatus = 503;
    await eventually('all workers to avoid the host', async () => (await answering(port)) === 'second');
    for (const worker of [0, 1, 2]) await replaceWorker(started, worker);
    assert.equal(await answering(port), 'second', 'workers that start are told');
    first.healthStatus = 200;
    await eventually('the host to be back', async () => (await answering(port)) === 'first second');
  });

  it('ends an ejection when the host passes an active check', async () => {
    await using stack = new AsyncDisposableStack();
    const [good, bad] = [await startPod('good', stack), await startPod('bad', stack)];
    const endpoints = [good, bad].map(({ server }) => buildEndpoint(server));
    const health = { outlierDetection: DETECTION, healthChecks: [{ ...CHECK, intervalMillis: 1_000 }] };
    await using started = await startWorkers([buildCluster('web', endpoints, health)]);
    bad.status = 500;
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 6; i++) await fetchFrom({ port: started.port, agent });
    agent.destroy();
    await started.log.next(({ message }) => message === 'endpoint ejected');
    bad.status = 200;
    await started.log.next(({ message }) => message === 'endpoint let back after its ejection');
    await eventually('the host to be back', async () => (await answering(started.port)) === 'bad good');
  });
});

function ejectedIn({
  hosts,
}: {
  readonly hosts: Iterable<readonly [string, { address: string; ejected: boolean }]>;
}): string[] {
  return [...hosts].filter(([, host]) => host.ejected).map(([, host]) => host.address);
}
