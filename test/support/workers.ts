import process from 'node:process';
import type { BindFailure } from '../../src/gateway/gateway.ts';
import { NO_STORE } from '../../src/gateway/sessions/drain-file.ts';
import { SocketStore } from '../../src/gateway/sockets/socket-store.ts';
import { createWorkers, type Workers } from '../../src/gateway/workers/workers.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import type { Listener } from '../../src/model/listener.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';
import { LogRecorder } from './log-recorder.ts';
import { buildForward, buildListener, buildRoute, buildSnapshot } from './model-builder.ts';

/** A gateway in worker processes, on a free port. */
export interface TestWorkers extends AsyncDisposable {
  readonly workers: Workers;
  readonly metrics: Metrics;
  readonly log: LogRecorder;
  readonly port: number;
  /** Serves these clusters, the first one behind the route. */
  apply(clusters: readonly Cluster[], listeners?: readonly Listener[]): Promise<readonly BindFailure[]>;
  /** The value of a series such as `name{label="value"}`; 0 if it is not there. */
  metric(series: string): Promise<number>;
}

export async function startWorkers(
  clusters: readonly Cluster[],
  options: { readonly count?: number; readonly pingMillis?: number } = {},
): Promise<TestWorkers> {
  const count = options.count ?? 2;
  const log = new LogRecorder();
  const metrics = createMetrics({ processMetrics: false });
  const workers = createWorkers({
    bindings: { bind: '127.0.0.1', portMap: new Map([[80, 0]]) },
    accessLog: { kind: 'off' },
    limits: {},
    drainStore: NO_STORE,
    sockets: new SocketStore({ perPort: count }),
    log,
    metrics,
    workers: count,
    ...(options.pingMillis === undefined ? {} : { pingMillis: options.pingMillis }),
  });
  let revision = 0;
  const started: TestWorkers = {
    workers,
    metrics,
    log,
    get port() {
      return workers.gateway.listeners[0]?.port ?? 0;
    },
    apply: (changed, listeners) => {
      const route = buildRoute(buildForward(changed[0]?.name ?? ''));
      const model = { listeners: listeners ?? [buildListener([route])], clusters: changed };
      return workers.apply(buildSnapshot(model, ++revision));
    },
    async metric(series) {
      await workers.refresh();
      const line = (await metrics.metrics()).split('\n').find((each) => each.startsWith(`${series} `));
      return Number(line?.slice(series.length) ?? 0);
    },
    [Symbol.asyncDispose]: () => workers.drain(0),
  };
  try {
    await started.apply(clusters);
  } catch (error) {
    await workers.drain(0);
    throw error;
  }
  return started;
}

/** The worker is killed, and another serves in its place when this resolves. */
export async function replaceWorker({ workers, log }: TestWorkers, worker: number): Promise<void> {
  const { pid = 0, restarts = 0 } = workers.workers[worker] ?? {};
  process.kill(pid, 'SIGKILL');
  await log.next(
    ({ message, fields }) => message === 'the new worker serves' && fields['worker'] === worker,
    restarts + 1,
  );
}
