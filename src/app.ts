import { lookup } from 'node:dns/promises';
import type { Server } from 'node:net';
import { type AdminServer, createAdminServer } from './admin/admin.ts';
import type { AdminViews, ClusterView, ListenerView } from './admin/admin-views.ts';
import type { App, AppOptions } from './app-types.ts';
import { type Control, createControl } from './control/control.ts';
import { createOutcomeLog } from './control/outcome-log.ts';
import { SessionKeys } from './control/session-keys.ts';
import { hasErrors } from './diagnostics/diagnostic.ts';
import { createLocalDataPlane, type DataPlane } from './gateway/data-plane.ts';
import { explainRequest } from './gateway/explain.ts';
import { NO_FRONT_PROXIES, withFrontProxies } from './gateway/front-proxies.ts';
import type { Gateway } from './gateway/gateway.ts';
import { registerSnapshotMetrics } from './gateway/gateway-metrics.ts';
import { DrainFile, NO_STORE } from './gateway/sessions/drain-file.ts';
import { type SocketsByKey, startSuccessor } from './gateway/sockets/handover.ts';
import { CAN_KEEP_SOCKETS, listenOnPort } from './gateway/sockets/listen-socket.ts';
import { SocketStore } from './gateway/sockets/socket-store.ts';
import { findUnserved } from './gateway/unserved.ts';
import { keepCollectionsShort } from './gateway/v8-heap.ts';
import { createWorkers } from './gateway/workers/workers.ts';
import { formatAddress } from './model/address.ts';
import { createFileSource } from './sources/file/file.ts';
import { createLog, type Log } from './telemetry/log.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';

/** The admin API's key among the sockets that one process hands over to the next. */
const ADMIN_KEY = 'admin';
/** For requests to the admin API that run when another process takes it over. */
const ADMIN_GRACE_MILLIS = 1_000;

/**
 * Puts the parts together: sources, control, data plane, telemetry and admin API. Rejects with a message for the user
 * when a listener or the admin API can't be bound at the start. `inherited` is what a process before this one hands over.
 */
export async function createApp(options: AppOptions, log: Log = createLog(), inherited?: SocketsByKey): Promise<App> {
  const metrics = createMetrics({ processMetrics: true });
  const ports = createPorts(options, inherited);
  const dataPlane = createDataPlane(options, ports.traffic, log, metrics);
  const { gateway } = dataPlane;
  const source = createFileSource(options.paths, { recursive: options.recursive });
  const keys = createSessionKeys(options, dataPlane, log);
  let isStarting = true;
  const control = createControl({
    sources: [source],
    now: Date.now,
    remarksOn: findUnserved,
    translation: options.translation ?? {},
    onPublish: async (snapshot, keyRings) => {
      keys?.require(snapshot.model);
      if (keyRings.size > 0) dataPlane.useKeyRings(keyRings);
      if (options.watch) keys?.watch();
      const failures = await dataPlane.apply(withFrontProxies(snapshot, options.frontProxies ?? NO_FRONT_PROXIES));
      if (failures.length === 0) return;
      const messages = failures.map(({ listener, message }) => `listener ${listener}: ${message}`);
      if (isStarting) throw new Error(`${messages.join('; ')} (another port: --port YAML=BOUND)`);
      log.error({ listeners: messages }, 'some listeners could not be bound');
    },
    onOutcome: createOutcomeLog(log),
  });
  registerSnapshotMetrics(metrics, () => control.snapshot);

  const stopping = new AbortController();
  let hasSuccessor = false;
  const close = async (graceMillis: number): Promise<void> => {
    stopping.abort();
    // A successor answers for the admin API from now on; without one it shows how far this process has come.
    if (hasSuccessor) await admin?.close(ADMIN_GRACE_MILLIS);
    await Promise.all([dataPlane.drain(graceMillis), watcher?.[Symbol.asyncDispose](), keys?.close()]);
    if (!hasSuccessor) await admin?.close();
    ports.close();
  };
  let watcher: AsyncDisposable | null = null;
  let admin: AdminServer | null = null;
  try {
    keys?.require(null);
    await control.reload();
    isStarting = false;
    if (options.admin !== null) {
      const views = createViews(dataPlane, control, metrics, () => stopping.signal.aborted);
      const onError = (error: unknown): void => log.error({ error: String(error) }, 'admin API');
      admin = await createAdminServer({ ...options.admin, views, onError, listen: ports.listenForAdmin });
    }
    ports.discardInherited();
    if (options.watch) watcher = source.watch(() => void reload());
  } catch (error) {
    await close(0);
    throw error;
  }

  async function reload(): Promise<void> {
    try {
      await control.reload();
    } catch (error) {
      log.error({ error: String(error) }, 'reload failed; the last good configuration goes on serving');
    }
  }

  let closing: Promise<void> | null = null;
  const drain = (graceMillis: number): Promise<void> => {
    closing ??= close(graceMillis);
    return closing;
  };
  return {
    ready: Promise.resolve(),
    get listeners() {
      return gateway.listeners;
    },
    get adminAddress() {
      return admin?.address ?? null;
    },
    get snapshot() {
      return control.snapshot;
    },
    reload: async () => {
      dataPlane.reopenLog();
      keys?.reload();
      await reload();
    },
    handOver: async () => {
      const pid = await startSuccessor(ports.all(), stopping.signal);
      hasSuccessor = true;
      return pid;
    },
    drain,
    [Symbol.asyncDispose]: () => drain(0),
  };
}

/** The listening sockets of this process: those that workers may have too, and the admin API's. */
interface Ports {
  /** null: this Node can't bind sockets for other processes; every server binds its own. */
  readonly traffic: SocketStore | null;
  readonly listenForAdmin: (server: Server, host: string, port: number) => Promise<void>;
  /** All of them, for a successor. */
  all(): SocketsByKey;
  discardInherited(): void;
  close(): void;
}

function createPorts(options: AppOptions, inherited: SocketsByKey = new Map()): Ports {
  if (!CAN_KEEP_SOCKETS) {
    return {
      traffic: null,
      listenForAdmin: async (server, host, port) => void (await listenOnPort(server, host, port)),
      all: () => new Map(),
      discardInherited() {},
      close() {},
    };
  }
  const forTraffic = new Map(inherited);
  forTraffic.delete(ADMIN_KEY);
  const forAdmin = new Map([[ADMIN_KEY, inherited.get(ADMIN_KEY) ?? []]]);
  const traffic = new SocketStore({ perPort: options.workers, inherited: forTraffic });
  const admin = new SocketStore({ perPort: 1, inherited: forAdmin });
  return {
    traffic,
    listenForAdmin: async (server, host, port) => {
      const { address } = await lookup(host);
      await admin.take(ADMIN_KEY, address, port).sockets[0]?.listenOn(server);
    },
    all: () => new Map([...traffic.all, ...admin.all]),
    discardInherited() {
      traffic.discardInherited();
      admin.discardInherited();
    },
    close() {
      traffic.close();
      admin.close();
    },
  };
}

function createDataPlane(options: AppOptions, sockets: SocketStore | null, log: Log, metrics: Metrics): DataPlane {
  const { accessLog, bind, portMap, workers } = options;
  const drainStore = options.drainFile === undefined ? NO_STORE : new DrainFile(options.drainFile);
  const common = { bindings: { bind, portMap }, accessLog, limits: options.limits ?? {}, drainStore, log, metrics };
  if (workers > 1 && sockets !== null) return createWorkers({ ...common, sockets, workers });
  if (workers > 1) log.warn({ workers }, 'this Node version can not share ports with workers; one process serves');
  keepCollectionsShort();
  return createLocalDataPlane({ ...common, sockets });
}

function createSessionKeys(options: AppOptions, dataPlane: DataPlane, log: Log): SessionKeys | null {
  if (options.sessionKeys === undefined) return null;
  const onKeys = (text: string): void => dataPlane.useKeyRings(new Map([['', text]]));
  return new SessionKeys({ ...options.sessionKeys, now: Date.now, log, onKeys });
}

function createViews(
  dataPlane: DataPlane,
  control: Control,
  metrics: AdminViews['metrics'],
  isStopping: () => boolean,
): AdminViews {
  const { gateway } = dataPlane;
  return {
    readiness: () => {
      const { snapshot } = control;
      if (isStopping()) return { ready: false, reason: 'stopping' };
      if (snapshot === null) return { ready: false, reason: 'no configuration is served yet' };
      if (gateway.listeners.length > 0) return { ready: true, reason: '' };
      return { ready: false, reason: hasErrors(snapshot.diagnostics) ? 'the configuration has errors' : 'no listener' };
    },
    snapshot: () => control.snapshot,
    diagnostics: () => control.diagnostics,
    listeners: async () => {
      await dataPlane.refresh();
      return viewListeners(gateway);
    },
    clusters: async () => {
      await dataPlane.refresh();
      return viewClusters(gateway);
    },
    explain: async (request) => {
      await dataPlane.refresh();
      const { runtime } = gateway;
      return runtime === null
        ? null
        : explainRequest(runtime, request, gateway.selectionEnvironment, gateway.boundPorts);
    },
    reload: async () => {
      const outcome = await control.reload();
      return {
        outcome: outcome.kind,
        revision: outcome.snapshot?.revision ?? 0,
        diagnostics: outcome.diagnostics,
      };
    },
    sessions: async () => {
      await dataPlane.refresh();
      return dataPlane.sessions.view();
    },
    drain: async (request) => {
      await dataPlane.refresh();
      return dataPlane.sessions.drain(request);
    },
    undrain: async (endpoint) => {
      await dataPlane.refresh();
      return dataPlane.sessions.undrain(endpoint);
    },
    metrics: {
      contentType: metrics.contentType,
      metrics: async () => {
        await dataPlane.refresh();
        return await metrics.metrics();
      },
    },
  };
}

function viewListeners(gateway: Gateway): ListenerView[] {
  return gateway.boundListeners.map(({ listener, bound }) => ({
    name: bound.name,
    address: formatAddress(bound.address, bound.port),
    virtualHosts: listener.virtualHostNames,
    connections: listener.stats.activeConnections,
  }));
}

function viewClusters(gateway: Gateway): ClusterView[] {
  return [...(gateway.runtime?.clusters.values() ?? [])].map(({ balancer }) => ({
    name: balancer.cluster.name,
    balancer: balancer.cluster.balancer.kind,
    endpoints: balancer.hosts.map((host) => ({
      address: host.address,
      pod: host.endpoint.identity.name,
      weight: host.weight,
      health: host.sessionHealth(),
      activeRequests: host.state.activeRequests,
      totalRequests: host.state.requests,
    })),
  }));
}
