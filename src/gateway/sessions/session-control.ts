import type { DrainAnswer, DrainRequest, SessionsView } from '../../model/sessions-view.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Gateway } from '../gateway.ts';
import type { Runtime } from '../runtime.ts';
import type { UpstreamHost } from '../upstream-host.ts';
import { DrainBoard } from './drain-board.ts';
import type { DrainStore } from './drain-file.ts';
import type { DrainList } from './host-drains.ts';
import { movePoliciesOf } from './move-policies.ts';
import { PodChanges } from './pod-changes.ts';
import { formatPod, podNameOf } from './pods.ts';
import { SessionCenter } from './session-center.ts';
import type { SessionReport } from './session-report.ts';

/** How often sessions and drains are looked through, and workers told. */
export const SESSION_TICK_MILLIS = 500;

export interface SessionControlOptions {
  /** Serves, or mirrors what serves; made after this. */
  readonly gateway: () => Gateway;
  readonly capacity: number;
  readonly store: DrainStore;
  readonly log: Log;
  /** null: no other process serves. */
  readonly workers: SessionWorkers | null;
}

/** The processes that serve. */
export interface SessionWorkers {
  /** Tells them of drains; this process's own gateway knows already. */
  readonly drain: (drains: DrainList) => void;
  /** Numbers of those that serve at the moment. */
  readonly serving: () => readonly number[];
}

/** Live sessions and drains of a gateway, in the process that has its configuration. */
export class SessionControl {
  readonly center: SessionCenter;
  readonly #options: SessionControlOptions;
  readonly #board: DrainBoard;
  readonly #pods = new PodChanges();
  #expired: ReadonlySet<UpstreamHost> = new Set();
  /** The last list of drains that a worker had followed when it told of its sessions. */
  readonly #followed = new Map<number, number>();

  constructor(options: SessionControlOptions) {
    this.#options = options;
    this.center = new SessionCenter({
      hosts: () => options.gateway().hosts,
      capacity: options.capacity,
      hasWorkers: options.workers !== null,
      nowSeconds: () => performance.now() / 1000,
      wallMillis: () => Date.now(),
    });
    this.#board = new DrainBoard({
      store: options.store,
      nowSeconds: () => Date.now() / 1000,
      oldestSeconds: (hosts) => this.center.oldestSeconds(hosts),
      isFollowed: (list) =>
        options.workers?.serving().every((worker) => (this.#followed.get(worker) ?? -1) >= list) ?? true,
    });
    try {
      this.#board.restore();
    } catch (error) {
      options.log.error(
        { error: error instanceof Error ? error.message : String(error) },
        'the drains of the process before are lost',
      );
    }
  }

  get drains(): DrainList {
    return this.#board.list;
  }

  /** A worker tells of its sessions, and which list of drains it had followed by then. */
  report(worker: number, report: SessionReport, drainList: number): void {
    this.center.report(worker, report);
    this.#followed.set(worker, drainList);
  }

  /** The worker has ended. */
  onExit(worker: number): void {
    this.center.onExit(worker);
    this.#followed.delete(worker);
  }

  /** To be called when a runtime is compiled and does not serve yet. */
  follow(runtime: Runtime): void {
    const gone = this.#pods.follow(runtime);
    if (gone !== null) this.center.forget((host) => gone.has(host));
    if (this.#board.follow(runtime)) this.#save();
    this.#options.gateway().useDrains(this.drains.hosts);
  }

  /** To be called when all workers serve the runtime: none may lack a host that a session is to move to. */
  followMoves(runtime: Runtime): void {
    this.center.useMovePolicies(movePoliciesOf(runtime));
  }

  /** To be called every SESSION_TICK_MILLIS. */
  tick(): void {
    this.center.sweep();
    const expired = this.#board.expiredHosts;
    // Once, when the time is over: if all pods drain they serve, and what comes then counts.
    const over = [...expired].filter((host) => !this.#expired.has(host));
    this.#expired = expired;
    if (over.length > 0) this.center.forget((host) => over.includes(host));
    try {
      if (this.#board.prune()) this.#publish();
    } catch (error) {
      this.#options.log.error({ error: String(error) }, 'the orders to drain could not be written');
    }
  }

  /** The configuration counts all the same: it can't be refused for that. */
  #save(): void {
    try {
      this.#board.save();
    } catch (error) {
      this.#options.log.error({ error: String(error) }, 'the starts of drains could not be written');
    }
  }

  drain(request: DrainRequest): DrainAnswer {
    return this.#change(
      () => this.#board.order(request),
      ({ deadlineSeconds }) => ({ deadlineSeconds }),
      'draining a pod',
    );
  }

  undrain(endpoint: string): DrainAnswer {
    return this.#change(
      () => this.#board.cancel(endpoint),
      () => ({}),
      'a pod takes new sessions again',
    );
  }

  view(): SessionsView {
    const { runtime } = this.#options.gateway();
    return {
      sessions: this.center.size,
      forgotten: this.center.forgotten,
      endpoints: [...(runtime?.clusters.values() ?? [])].flatMap(({ balancer }) =>
        balancer.hosts.map(({ endpoint, state }) => ({
          cluster: balancer.cluster.name,
          address: endpoint.address,
          pod: formatPod(podNameOf(endpoint)),
          sessions: state.liveSessions,
          activeRequests: state.activeRequests,
          drain: state.drain?.by ?? null,
        })),
      ),
      drains: this.#board.progress,
    };
  }

  #change(
    change: () => DrainAnswer,
    describe: (drain: Extract<DrainAnswer, { kind: 'done' }>['drain']) => Readonly<Record<string, unknown>>,
    message: string,
  ): DrainAnswer {
    let answer: DrainAnswer;
    try {
      answer = change();
    } catch (error) {
      return { kind: 'refused', message: `the order could not be written down: ${String(error)}` };
    }
    if (answer.kind !== 'done') return answer;
    const { drain } = answer;
    this.#options.log.info({ pod: drain.pod, addresses: drain.addresses, ...describe(drain) }, message);
    this.#publish();
    return answer;
  }

  #publish(): void {
    const { drains } = this;
    this.#options.gateway().useDrains(drains.hosts);
    this.#options.workers?.drain(drains);
  }
}
