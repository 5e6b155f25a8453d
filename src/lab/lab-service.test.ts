import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { createTempDir } from '../../test/support/temp-dir.ts';
import { LabService } from './lab-service.ts';
import { readSlices, type SliceEntry } from './manifests.ts';

interface TestService extends AsyncDisposable {
  readonly service: LabService;
  /** The manifest's endpoints each time that the gateway would be told. */
  readonly told: SliceEntry[][];
  entries(): SliceEntry[];
  /** Resolves with the next event that says so. */
  event(pattern: RegExp): Promise<string>;
}

const MANIFEST = `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 0, protocol: TCP}]
endpoints:
- {addresses: [127.0.0.1], conditions: {ready: true, serving: true, terminating: false}, targetRef: {kind: Pod, name: web-0, namespace: shop}}
- {addresses: [127.0.0.1], conditions: {ready: true, serving: true, terminating: false}, targetRef: {kind: Pod, name: web-1, namespace: shop}}
`;

/** Two pods on free ports, as where the tutorials' own addresses can't be had. */
async function startService(): Promise<TestService> {
  const folder = createTempDir();
  const manifestPath = folder.write('workload.yaml', MANIFEST);
  const entries = (): SliceEntry[] => readSlices(readFileSync(manifestPath, 'utf8')).flatMap((slice) => slice.entries);
  const told: SliceEntry[][] = [];
  const listeners = new Set<(message: string) => void>();
  const [slice] = readSlices(MANIFEST);
  assert.ok(slice !== undefined);
  const service = new LabService({
    slice,
    manifestPath,
    apply: async (change) => {
      if (await change()) told.push(entries());
    },
    onEvent: (message) => {
      for (const listener of listeners) listener(message);
    },
  });
  await service.start();
  return {
    service,
    told,
    entries,
    event: (pattern) =>
      new Promise((resolve) => {
        listeners.add((message) => {
          if (pattern.test(message)) resolve(message);
        });
      }),
    async [Symbol.asyncDispose]() {
      await service.stop(0);
      folder.remove();
    },
  };
}

async function hello({ address, port }: SliceEntry): Promise<string> {
  const response = await fetch(`http://${address}:${port}/hello`, { headers: { connection: 'close' } });
  return response.text();
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('LabService', { timeout: 60_000 }, () => {
  it('starts a process for each endpoint and writes where it listens', async () => {
    await using test = await startService();
    const entries = test.entries();
    assert.deepEqual(await Promise.all(entries.map(hello)), [
      'Hello version: v1, instance: web-0\n',
      'Hello version: v1, instance: web-1\n',
    ]);
    assert.equal(new Set(test.service.pods.map((pod) => pod.pid)).size, 2);
  });

  it('scales up by pods that already answer when the gateway hears of them', async () => {
    await using test = await startService();
    await test.service.scale('web', 4);
    assert.deepEqual(
      test.told.map((entries) => entries.map(({ pod }) => pod).sort()),
      [['web-0', 'web-1', 'web-2', 'web-3']],
    );
    assert.equal((await Promise.all(test.entries().map(hello))).length, 4);
  });

  it('scales down by telling first, and ends the newest', async () => {
    await using test = await startService();
    const [first, second] = test.service.pods.map((pod) => pod.pid);
    assert.ok(first !== undefined && second !== undefined);
    await test.service.scale('web', 1);
    const conditions = test.told.map((entries) =>
      entries.map(({ pod, ready, serving, terminating }) => ({ pod, ready, serving, terminating })),
    );
    const stays = { pod: 'web-0', ready: true, serving: true, terminating: false };
    assert.deepEqual(conditions, [[stays, { pod: 'web-1', ready: false, serving: true, terminating: true }], [stays]]);
    assert.deepEqual([isRunning(first), isRunning(second)], [true, false]);
  });

  it('comes back from no pods at all', async () => {
    await using test = await startService();
    await test.service.scale('web', 0);
    assert.deepEqual(test.entries(), []);
    await test.service.scale('web', 1);
    assert.deepEqual(await Promise.all(test.entries().map(hello)), ['Hello version: v1, instance: web-0\n']);
  });

  it('starts a pod again that was killed, and says so by its readiness', async () => {
    await using test = await startService();
    const [pod] = test.service.pods;
    assert.ok(pod !== undefined);
    const [again, pid] = [test.event(/web-0 runs again/), pod.pid];
    await pod.kill(true);
    await again;
    assert.notEqual(pod.pid, pid);
    assert.deepEqual([pod.state, pod.restarts], ['ready', 1]);
    assert.ok(pod.log.lines.some((line) => line.includes('its process ended')));
  });

  it('leaves a pod dead that was killed for good, and lets it go first', async () => {
    await using test = await startService();
    const [pod] = test.service.pods;
    assert.ok(pod !== undefined);
    const ended = test.event(/web-0 has ended/);
    await pod.kill(false);
    await ended;
    await test.service.scale('web', 1);
    assert.deepEqual(
      test.entries().map(({ pod: name }) => name),
      ['web-1'],
    );
    assert.equal(test.told.length, 1, 'it has no sessions to keep, so it goes in one step');
  });
});
