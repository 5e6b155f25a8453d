import { Gateway, type GatewayOptions } from '../../src/gateway/gateway.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import type { Listener } from '../../src/model/listener.ts';
import type { Route } from '../../src/model/route.ts';
import type { AccessLog, AccessRecord } from '../../src/telemetry/access-log.ts';
import type { Log } from '../../src/telemetry/log.ts';
import { buildListener, buildSnapshot } from './model-builder.ts';

/** A gateway on a free port whose access log a test can read. */
export interface TestGateway extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly port: number;
  readonly records: readonly AccessRecord[];
  /** Resolves with the record number `index` (from 0), when its exchange has ended. */
  record(index: number): Promise<AccessRecord>;
  /** Serves other routes and clusters from the next request on. */
  reload(routes: readonly Route[], clusters: readonly Cluster[], listener?: Partial<Listener>): Promise<void>;
}

export async function startGateway(
  routes: readonly Route[],
  clusters: readonly Cluster[],
  options: {
    readonly limits?: GatewayOptions['limits'];
    readonly listener?: Partial<Listener>;
    readonly log?: Log;
    readonly sessionLedger?: GatewayOptions['sessionLedger'];
    /** Of the ring without a name. */
    readonly sessionKeys?: string;
  } = {},
): Promise<TestGateway> {
  const records: AccessRecord[] = [];
  const waiting: (() => void)[] = [];
  const accessLog: AccessLog = {
    dropped: 0,
    write: (record) => {
      // A selection goes on living in the next exchange of its connection's objects; the test wants what was logged.
      const { decision } = record;
      records.push({ ...record, decision: decision === null ? null : { ...decision, generated: decision.generated } });
      for (const wake of waiting.splice(0)) wake();
    },
    reopen() {},
    close: async () => {},
  };
  const silent = { info() {}, warn() {}, error() {} };
  const gateway = new Gateway({
    accessLog,
    log: options.log ?? silent,
    bindingOf: () => ({ host: '127.0.0.1', port: 0 }),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.sessionLedger === undefined ? {} : { sessionLedger: options.sessionLedger }),
  });
  if (options.sessionKeys !== undefined) gateway.useKeyRings(new Map([['', options.sessionKeys]]));
  let revision = 0;
  async function reload(
    newRoutes: readonly Route[],
    newClusters: readonly Cluster[],
    listener: Partial<Listener> = options.listener ?? {},
  ): Promise<void> {
    revision++;
    const model = { listeners: [buildListener(newRoutes, listener)], clusters: newClusters };
    const failures = await gateway.apply(buildSnapshot(model, revision));
    if (failures.length > 0) throw new Error(failures.map(({ message }) => message).join('; '));
  }
  await reload(routes, clusters);
  return {
    gateway,
    port: gateway.listeners[0]?.port ?? 0,
    records,
    async record(index) {
      while (records.length <= index) await new Promise<void>((resolve) => waiting.push(resolve));
      return records[index] as AccessRecord;
    },
    reload,
    [Symbol.asyncDispose]: () => gateway.drain(0),
  };
}
