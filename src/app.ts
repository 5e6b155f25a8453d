import { createAdminServer } from './admin/admin.ts';
import type { AdminViews, ClusterView, ListenerView } from './admin/admin-views.ts';
import type { App, AppOptions } from './app-types.ts';
import { type Control, createControl, type Outcome } from './control/control.ts';
import { hasErrors } from './diagnostics/diagnostic.ts';
import { renderDiagnostic } from './diagnostics/render.ts';
import { explainRequest } from './gateway/explain.ts';
import { Gateway } from './gateway/gateway.ts';
import { registerGatewayMetrics } from './gateway/gateway-metrics.ts';
import { formatAddress } from './model/address.ts';
import { createFileSource } from './sources/file/file.ts';
import { createAccessLog } from './telemetry/access-log.ts';
import { createLog, type Log } from './telemetry/log.ts';
import { createMetrics } from './telemetry/metrics.ts';

/**
 * Puts the parts together: sources, control, gateway, telemetry and admin API. Rejects with a message for the user
 * when a listener or the admin API can't be bound at the start.
 */
export async function createApp(options: AppOptions, log: Log = createLog()): Promise<App> {
  const accessLog = createAccessLog(options.accessLog);
  const gateway = new Gateway({
    accessLog,
    log,
    bindingOf: (address, port) => ({ host: options.bind ?? address, port: options.portMap.get(port) ?? port }),
  });
  const source = createFileSource(options.paths, { recursive: options.recursive });
  let isStarting = true;
  const control = createControl({
    sources: [source],
    now: Date.now,
    onPublish: async (snapshot) => {
      const failures = await gateway.apply(snapshot);
      if (failures.length === 0) return;
      const messages = failures.map(({ listener, message }) => `listener ${listener}: ${message}`);
      if (isStarting) throw new Error(`${messages.join('; ')} (another port: --port YAML=BOUND)`);
      log.error({ listeners: messages }, 'some listeners could not be bound');
    },
    onOutcome: (outcome) => logOutcome(log, outcome),
  });
  const metrics = createMetrics({ processMetrics: true });
  registerGatewayMetrics(metrics, gateway, () => control.snapshot);

  const close = async (graceMillis: number): Promise<void> => {
    await Promise.all([gateway.drain(graceMillis), watcher?.[Symbol.asyncDispose]()]);
    await admin?.close();
    await accessLog.close();
  };
  let watcher: AsyncDisposable | null = null;
  let admin: Awaited<ReturnType<typeof createAdminServer>> | null = null;
  try {
    await control.reload();
    isStarting = false;
    if (options.admin !== null) {
      const views = createViews(gateway, control, metrics);
      const onError = (error: unknown): void => log.error({ error: String(error) }, 'admin API');
      admin = await createAdminServer({ ...options.admin, views, onError });
    }
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
      accessLog.reopen();
      await reload();
    },
    drain,
    [Symbol.asyncDispose]: () => drain(0),
  };
}

function logOutcome(log: Log, outcome: Outcome): void {
  const texts = new Map(outcome.content.texts.map(({ source, text }) => [source, text]));
  for (const diagnostic of outcome.diagnostics) {
    if (diagnostic.severity === 'note') continue;
    const { source, line, column } = diagnostic.location;
    const fields = { code: diagnostic.code, at: `${source}:${line}:${column}` };
    const text = renderDiagnostic(diagnostic, texts.get(source));
    if (diagnostic.severity === 'error') log.error(fields, text);
    else log.warn(fields, text);
  }
  const revision = outcome.snapshot?.revision ?? 0;
  if (outcome.kind === 'rejected') {
    log.error({ revision }, `the new configuration is rejected; revision ${revision} goes on serving`);
  } else if (outcome.kind === 'published') {
    log.info({ revision, digest: outcome.snapshot?.digest }, `revision ${revision} serves`);
  }
}

function createViews(gateway: Gateway, control: Control, metrics: AdminViews['metrics']): AdminViews {
  return {
    readiness: () => {
      const { snapshot } = control;
      if (snapshot === null) return { ready: false, reason: 'no configuration is served yet' };
      if (gateway.listeners.length > 0) return { ready: true, reason: '' };
      return { ready: false, reason: hasErrors(snapshot.diagnostics) ? 'the configuration has errors' : 'no listener' };
    },
    snapshot: () => control.snapshot,
    diagnostics: () => control.diagnostics,
    listeners: () => viewListeners(gateway),
    clusters: () => viewClusters(gateway),
    explain: (request) => {
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
    metrics,
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
