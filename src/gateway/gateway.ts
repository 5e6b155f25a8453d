import { randomFillSync } from 'node:crypto';
import type { SelectionEnvironment } from '../affinity/selection.ts';
import { NO_LEDGER, type SessionLedger } from '../affinity/session-ledger.ts';
import { createSessionMoves } from '../affinity/strong/session-moves.ts';
import { parseKeyRing } from '../affinity/token/key-ring-text.ts';
import { SessionTokens } from '../affinity/token/session-tokens.ts';
import type { Snapshot } from '../model/model.ts';
import type { AccessLog } from '../telemetry/access-log.ts';
import type { Log } from '../telemetry/log.ts';
import { type Binding, toBindingKey } from './bindings.ts';
import { GatewayListener, type ListenerServices } from './gateway-listener.ts';
import { HealthMonitor } from './health/health-monitor.ts';
import { type HealthSharing, NOT_SHARED } from './health/health-sharing.ts';
import { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from './limits.ts';
import { type Runtime, RuntimeCompiler, type RuntimeListener } from './runtime.ts';
import { applyDrains, type DrainedHost } from './sessions/host-drains.ts';
import { OpenStreams } from './sessions/open-streams.ts';
import type { ListenSocket } from './sockets/listen-socket.ts';
import type { SocketSupply } from './sockets/socket-store.ts';
import { TimerWheel } from './timer-wheel.ts';
import type { UpstreamHost, UpstreamHosts } from './upstream-host.ts';

/** How often idle upstream connections, and streams of draining hosts, are looked through. */
const TRIM_MILLIS = 1_000;

export interface GatewayOptions {
  readonly accessLog: AccessLog;
  readonly log: Log;
  /** Where a listener of the model is really bound. */
  readonly bindingOf: (address: string, port: number) => Binding;
  /** Sockets that outlive this gateway; absent: it binds its own. */
  readonly sockets?: SocketSupply;
  readonly limits?: Partial<GatewayLimits>;
  /** How this process and others agree on the health of hosts; absent: it is alone. */
  readonly healthSharing?: HealthSharing;
  /** Counts live sessions; absent: nobody does. */
  readonly sessionLedger?: SessionLedger<UpstreamHost>;
  /** A runtime is compiled, and its hosts are there; it does not serve yet. */
  readonly onCompiled?: (runtime: Runtime) => void;
}

/**
 * Texts of key rings by name, as `parseKeyRing` takes them; they have been found good. The name of the ring that the
 * process was started with is empty. They hold secrets: they never are part of a snapshot, and nothing prints them.
 */
export type KeyRingTexts = ReadonlyMap<string, string>;

/** A listener that could not be bound, and why. */
export interface BindFailure {
  readonly listener: string;
  readonly message: string;
}

export interface BoundGatewayListener {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** The embedded data plane: serves one snapshot at a time, and goes from one to the next without failing a request. */
export class Gateway {
  readonly #options: GatewayOptions;
  readonly #services: ListenerServices;
  readonly #sessionTokens: SessionTokens;
  readonly #compiler: RuntimeCompiler;
  readonly #health: HealthMonitor;
  readonly #listeners = new Map<string, { readonly listener: GatewayListener; bound: BoundGatewayListener }>();
  readonly #draining = new Set<GatewayListener>();
  readonly #trimmer: NodeJS.Timeout;
  #runtime: Runtime | null = null;
  #drains: readonly DrainedHost[] = [];

  constructor(options: GatewayOptions) {
    this.#options = options;
    const random = Math.random;
    this.#sessionTokens = new SessionTokens(randomFillSync);
    this.#compiler = new RuntimeCompiler(random, this.#sessionTokens);
    this.#health = new HealthMonitor({ log: options.log, random, sharing: options.healthSharing ?? NOT_SHARED });
    this.#services = {
      limits: { ...DEFAULT_GATEWAY_LIMITS, ...options.limits },
      timers: new TimerWheel(),
      accessLog: options.accessLog,
      streams: new OpenStreams(options.sessionLedger ?? NO_LEDGER),
      selectionEnvironment: {
        random,
        nowSeconds: () => Math.floor(Date.now() / 1000),
        ledger: options.sessionLedger ?? NO_LEDGER,
        moves: createSessionMoves(),
      },
    };
    this.#trimmer = setInterval(() => {
      this.#trimPools();
      this.#services.streams.endDrained(Date.now() / 1000);
    }, TRIM_MILLIS);
    this.#trimmer.unref();
  }

  get runtime(): Runtime | null {
    return this.#runtime;
  }

  get hosts(): UpstreamHosts {
    return this.#compiler.hosts;
  }

  get health(): HealthMonitor {
    return this.#health;
  }

  get listeners(): readonly BoundGatewayListener[] {
    return [...this.#listeners.values()].map(({ bound }) => bound);
  }

  /** Lines of the access log that are lost. */
  get droppedLogLines(): number {
    return this.#options.accessLog.dropped;
  }

  get boundListeners(): readonly { readonly listener: GatewayListener; readonly bound: BoundGatewayListener }[] {
    return [...this.#listeners.values()];
  }

  /** The port that clients connect to -> the port of the YAML. */
  get boundPorts(): ReadonlyMap<number, number> {
    return new Map([...this.#listeners.values()].map(({ listener, bound }) => [bound.port, listener.modelPort]));
  }

  get selectionEnvironment(): SelectionEnvironment {
    return this.#services.selectionEnvironment;
  }

  get gatewayListeners(): readonly GatewayListener[] {
    return [...this.#listeners.values()].map(({ listener }) => listener);
  }

  /** Session keys by ring: tokens are sealed and opened with these from now on. Rings that are not here keep theirs. */
  useKeyRings(rings: KeyRingTexts): void {
    for (const [name, text] of rings) this.#sessionTokens.keyRings.get(name).replace(parseKeyRing(text));
  }

  /** These hosts drain from now on, and no others. */
  useDrains(drains: readonly DrainedHost[]): void {
    this.#drains = drains;
    if (this.#runtime !== null) applyDrains(this.#runtime, drains);
  }

  /** Compiles and serves `snapshot`. What can't be bound is returned and everything else serves. */
  async apply(snapshot: Snapshot): Promise<readonly BindFailure[]> {
    const runtime = this.#compiler.compile(snapshot, this.#runtime);
    this.#runtime = runtime;
    this.#options.onCompiled?.(runtime);
    applyDrains(runtime, this.#drains);
    this.#health.apply(runtime.clusters);
    const wanted = new Map<string, RuntimeListener>();
    for (const listener of runtime.listeners) {
      const { address, port } = listener.listener;
      wanted.set(toBindingKey(this.#options.bindingOf(address, port), port), listener);
    }
    for (const [key, entry] of this.#listeners) if (!wanted.has(key)) this.#retire(key, entry.listener);
    const failures: BindFailure[] = [];
    for (const [key, listener] of wanted) {
      const failure = await this.#serve(key, listener);
      if (failure !== null) failures.push(failure);
    }
    this.#compiler.retain(runtime);
    return failures;
  }

  /** The listener of this binding key accepts from these sockets and no others from now on. Rejects as node:net does. */
  async listenOn(key: string, sockets: readonly ListenSocket[]): Promise<void> {
    await this.#listeners.get(key)?.listener.listenOn(sockets);
  }

  /** Stops accepting and lets what runs finish; cuts what is left after `graceMillis`. */
  async drain(graceMillis: number): Promise<void> {
    const all = [...this.gatewayListeners, ...this.#draining];
    const cut = setTimeout(() => {
      for (const listener of all) listener.destroy();
    }, graceMillis);
    await Promise.all(all.map((listener) => listener.drain()));
    clearTimeout(cut);
    this.#close();
  }

  #close(): void {
    clearInterval(this.#trimmer);
    this.#health.close();
    this.#services.timers.close();
    this.#compiler.hosts.retain(() => false);
    this.#listeners.clear();
  }

  async #serve(key: string, runtime: RuntimeListener): Promise<BindFailure | null> {
    const known = this.#listeners.get(key);
    if (known !== undefined) {
      known.listener.serve(runtime);
      known.bound = { ...known.bound, name: runtime.listener.name };
      return null;
    }
    const listener = new GatewayListener(runtime, this.#services);
    const { host, port } = this.#options.bindingOf(runtime.listener.address, runtime.listener.port);
    try {
      const bound = await this.#listen(listener, key, host, port);
      this.#listeners.set(key, { listener, bound: { name: runtime.listener.name, address: host, port: bound } });
      return null;
    } catch (error) {
      return { listener: runtime.listener.name, message: error instanceof Error ? error.message : String(error) };
    }
  }

  async #listen(listener: GatewayListener, key: string, host: string, port: number): Promise<number> {
    const supplied = this.#options.sockets?.take(key, host, port);
    if (supplied === undefined) return await listener.listen(host, port);
    await listener.listenOn(supplied.sockets);
    return supplied.port;
  }

  #retire(key: string, listener: GatewayListener): void {
    this.#listeners.delete(key);
    this.#draining.add(listener);
    listener.drain().then(() => this.#draining.delete(listener));
    this.#options.sockets?.release(key);
  }

  /** Closes upstream connections that have been idle for longer than their cluster allows. */
  #trimPools(): void {
    const now = performance.now();
    for (const [cluster, host] of this.#compiler.hosts) {
      if (host.pool.idleCount === 0) continue;
      const idleMillis = this.#runtime?.clusters.get(cluster)?.balancer.cluster.idleTimeoutMillis ?? 0;
      host.pool.trim(now - idleMillis);
    }
  }
}
