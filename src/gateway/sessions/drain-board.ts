import { drainDeadline, type HostDrain } from '../../affinity/host.ts';
import type { Endpoint } from '../../model/cluster.ts';
import type { DrainAnswer, DrainProgress, DrainRequest } from '../../model/sessions-view.ts';
import type { Runtime } from '../runtime.ts';
import type { UpstreamHost } from '../upstream-host.ts';
import type { DrainOrder, DrainStart, DrainStore } from './drain-file.ts';
import type { DrainList } from './host-drains.ts';
import { formatPod, isMeant, listPods, type Pod, type PodName, toPodKey } from './pods.ts';
import { longestDrainMillis } from './policy-deadlines.ts';

/** An order outlives its pod by so much: a source may lose a pod for a moment, and no later pod is it. */
const GONE_SECONDS = 600;

/** More pods than a gateway has, so that nobody fills memory with orders. */
const MAX_ORDERS = 10_000;

/** A pod that drains. */
interface Drain {
  readonly pod: PodName;
  readonly drain: HostDrain;
  readonly hosts: readonly { readonly state: UpstreamHost; readonly address: string }[];
}

export interface DrainBoardOptions {
  readonly store: DrainStore;
  /** Unix time. */
  readonly nowSeconds: () => number;
  /** How long the oldest session of each of these hosts is known. Looks at every session, whatever the hosts. */
  readonly oldestSeconds: (hosts: ReadonlySet<UpstreamHost>) => ReadonlyMap<UpstreamHost, number>;
  /** Whether all that serve have followed the list of that number, and have said what sessions they had by then. */
  readonly isFollowed: (listNumber: number) => boolean;
}

/** Which pods drain: those that the configuration calls draining, and those that somebody ordered to. */
export class DrainBoard {
  readonly #options: DrainBoardOptions;
  readonly #orders = new Map<string, DrainOrder>();
  /** Pods that the configuration calls draining. */
  readonly #starts = new Map<string, DrainStart>();
  /** Since when an order's pod is not there. */
  readonly #goneSince = new Map<string, number>();
  #listNumber = 0;
  /** The list with which a drain began, or with which an order took it over. */
  readonly #begunWith = new Map<string, number>();
  /** Sessions that a pod had when its drain was looked at first. */
  readonly #sessionsAtStart = new Map<string, number>();
  #pods: ReadonlyMap<string, Pod> = new Map();
  #keepMillis: ReadonlyMap<string, number | null> = new Map();

  constructor(options: DrainBoardOptions) {
    this.#options = options;
  }

  /** Takes up the drains of the process before. Throws an Error with a message for the user. */
  restore(): void {
    const { orders, starts } = this.#options.store.load();
    for (const order of orders) this.#orders.set(toPodKey(order.pod), order);
    for (const start of starts) this.#starts.set(toPodKey(start.pod), start);
  }

  /** Follows the pods of the runtime that serves from now on. True if what the configuration calls draining has changed. */
  follow({ clusters, snapshot }: Runtime): boolean {
    this.#pods = listPods(clusters.values());
    this.#keepMillis = longestDrainMillis(snapshot.model);
    const now = this.#options.nowSeconds();
    let isChanged = false;
    for (const [key, { name, hosts }] of this.#pods) {
      const isDraining = hosts.some(({ endpoint }) => endpoint.health === 'draining');
      if (isDraining === this.#starts.has(key)) continue;
      isChanged = true;
      if (isDraining) this.#starts.set(key, { pod: name, startedSeconds: Math.floor(now) });
      else this.#starts.delete(key);
      if (isDraining) this.#begunWith.set(key, this.#listNumber + 1);
    }
    for (const key of this.#starts.keys()) {
      if (this.#pods.has(key)) continue;
      isChanged = true;
      this.#starts.delete(key);
    }
    for (const known of [this.#sessionsAtStart, this.#begunWith]) {
      for (const key of known.keys()) if (!this.#starts.has(key) && !this.#orders.has(key)) known.delete(key);
    }
    if (isChanged) this.#listNumber++;
    return isChanged;
  }

  /** Writes down what drains, for the next process. Throws if it can't be. */
  save(): void {
    this.#write(this.#orders);
  }

  /** What each host's state has to say; hosts that are not here do not drain. */
  get list(): DrainList {
    const hosts = this.#drains().flatMap(({ drain, hosts }) =>
      hosts.map(({ state }) => ({ cluster: state.cluster, address: state.address, drain })),
    );
    return { number: this.#listNumber, hosts };
  }

  /** Hosts that no session may stay on any more. */
  get expiredHosts(): ReadonlySet<UpstreamHost> {
    const now = this.#options.nowSeconds();
    const expired = new Set<UpstreamHost>();
    for (const { drain, hosts } of this.#drains()) {
      for (const { state } of hosts) {
        const deadline = drainDeadline(drain, this.#keepMillis.get(state.cluster) ?? null);
        if (deadline !== null && now >= deadline) expired.add(state);
      }
    }
    return expired;
  }

  order({ endpoint, deadlineSeconds }: DrainRequest): DrainAnswer {
    const found = this.#findPods(endpoint);
    const [key] = found;
    if (key === undefined) return { kind: 'unknown', message: `no endpoint is called ${endpoint}` };
    if (found.length > 1)
      return ambiguous(
        endpoint,
        found.map((each) => this.#pods.get(each)?.name),
      );
    if (!this.#orders.has(key) && this.#orders.size >= MAX_ORDERS) {
      return { kind: 'refused', message: `there are ${MAX_ORDERS} orders to drain already` };
    }
    const exact = this.#options.nowSeconds();
    const now = Math.floor(exact);
    const pod = (this.#pods.get(key) as Pod).name;
    const startedSeconds = (this.#orders.get(key) ?? this.#starts.get(key))?.startedSeconds ?? now;
    const deadline = deadlineSeconds === null ? null : deadlineSeconds === 0 ? now : Math.ceil(exact + deadlineSeconds);
    this.#change(key, { pod, startedSeconds, deadlineSeconds: deadline });
    return { kind: 'done', drain: this.#progressOf(key) };
  }

  /** The pod takes new work again; `drain` is how far it had come. */
  cancel(endpoint: string): DrainAnswer {
    const keys = [...this.#orders].filter(([key, { pod }]) => isMeant(endpoint, pod, this.#endpointsOf(key)));
    const [key] = keys[0] ?? [];
    if (key === undefined) {
      const [draining] = this.#findPods(endpoint).filter((each) => this.#starts.has(each));
      if (draining === undefined) return { kind: 'unknown', message: `no order to drain ${endpoint} is there` };
      return { kind: 'refused', message: `${endpoint} drains because the configuration says so` };
    }
    if (keys.length > 1)
      return ambiguous(
        endpoint,
        keys.map(([, { pod }]) => pod),
      );
    const drain = this.#progressOf(key);
    this.#change(key, null);
    return { kind: 'done', drain };
  }

  get progress(): readonly DrainProgress[] {
    const drains = this.#drains();
    const oldest = this.#oldestOf(drains);
    return drains.map(({ pod }) => this.#progressOf(toPodKey(pod), oldest));
  }

  /** Forgets orders whose pods are gone for good. True if there were any. */
  prune(): boolean {
    const now = this.#options.nowSeconds();
    let isChanged = false;
    for (const key of this.#orders.keys()) {
      if (this.#pods.has(key)) {
        this.#goneSince.delete(key);
        continue;
      }
      const since = this.#goneSince.get(key) ?? now;
      this.#goneSince.set(key, since);
      if (now - since < GONE_SECONDS) continue;
      this.#goneSince.delete(key);
      this.#change(key, null);
      isChanged = true;
    }
    return isChanged;
  }

  /** Written down before anybody is told. Throws if it can't be. */
  #change(key: string, order: DrainOrder | null): void {
    const orders = new Map(this.#orders);
    if (order === null) orders.delete(key);
    else orders.set(key, order);
    this.#write(orders);
    this.#listNumber++;
    if (order !== null && !this.#orders.has(key)) this.#begunWith.set(key, this.#listNumber);
    if (order === null) this.#orders.delete(key);
    else this.#orders.set(key, order);
    if (order === null) this.#sessionsAtStart.delete(key);
  }

  #write(orders: ReadonlyMap<string, DrainOrder>): void {
    this.#options.store.save({ orders: [...orders.values()], starts: [...this.#starts.values()] });
  }

  #drains(): readonly Drain[] {
    return [...new Set([...this.#orders.keys(), ...this.#starts.keys()])].map((key) => this.#drainOf(key));
  }

  /** An order says more than the configuration does. */
  #drainOf(key: string): Drain {
    const order = this.#orders.get(key);
    const pod = this.#pods.get(key);
    const hosts = (pod?.hosts ?? []).map(({ state, address }) => ({ state, address }));
    if (order !== undefined) {
      const { startedSeconds, deadlineSeconds } = order;
      return { pod: order.pod, hosts, drain: { startedSeconds, deadlineSeconds, by: 'order' } };
    }
    const start = this.#starts.get(key) as DrainStart;
    const { startedSeconds } = start;
    return { pod: start.pod, hosts, drain: { startedSeconds, deadlineSeconds: null, by: 'endpoint' } };
  }

  #findPods(text: string): readonly string[] {
    return [...this.#pods].filter(([key, { name }]) => isMeant(text, name, this.#endpointsOf(key))).map(([key]) => key);
  }

  #endpointsOf(key: string): readonly Endpoint[] {
    return (this.#pods.get(key)?.hosts ?? []).map(({ endpoint }) => endpoint);
  }

  #oldestOf(drains: readonly Drain[]): ReadonlyMap<UpstreamHost, number> {
    const states = drains.flatMap(({ hosts }) => hosts.map(({ state }) => state));
    const used = new Set(states.filter(({ liveSessions }) => liveSessions > 0));
    return used.size === 0 ? new Map() : this.#options.oldestSeconds(used);
  }

  #progressOf(key: string, oldest = this.#oldestOf([this.#drainOf(key)])): DrainProgress {
    const { pod, drain, hosts } = this.#drainOf(key);
    const states = new Set(hosts.map(({ state }) => state));
    let sessions = 0;
    let activeRequests = 0;
    for (const state of states) {
      sessions += state.liveSessions;
      activeRequests += state.activeRequests;
    }
    const now = this.#options.nowSeconds();
    const deadlineSeconds = this.#lastDeadline(drain, states);
    const isOver = deadlineSeconds !== null && now >= deadlineSeconds;
    // A session that began in a worker just before may not have been told of yet.
    const isFollowed = this.#options.isFollowed(this.#begunWith.get(key) ?? 0);
    const isEmpty = sessions === 0 && activeRequests === 0 && isFollowed;
    const atStart = this.#sessionsAtStart.get(key) ?? sessions;
    this.#sessionsAtStart.set(key, Math.max(atStart, sessions));
    const pace = (atStart - sessions) / Math.max(1, now - drain.startedSeconds);
    return {
      pod: formatPod(pod),
      uid: pod.uid,
      addresses: [...new Set(hosts.map(({ address }) => address))],
      by: drain.by,
      state: hosts.length === 0 ? 'gone' : isEmpty ? 'empty' : isOver ? 'over' : 'draining',
      startedSeconds: drain.startedSeconds,
      deadlineSeconds,
      sessions,
      activeRequests,
      oldestSeconds: maxOrNull([...states].map((state) => oldest.get(state) ?? null)),
      estimateSeconds: estimate(sessions, pace, deadlineSeconds === null ? null : deadlineSeconds - now),
    };
  }

  /** The deadline after which no policy keeps a session on any of the hosts; null: there is none. */
  #lastDeadline(drain: HostDrain, hosts: ReadonlySet<UpstreamHost>): number | null {
    let last = drain.deadlineSeconds;
    for (const { cluster } of hosts) {
      if (!this.#keepMillis.has(cluster)) continue;
      const deadline = drainDeadline(drain, this.#keepMillis.get(cluster) ?? null);
      if (deadline === null) return null;
      last = Math.max(last ?? deadline, deadline);
    }
    return last;
  }
}

function maxOrNull(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/** Whole seconds until no session is left at this pace (sessions a second), or until the deadline. */
function estimate(sessions: number, pace: number, left: number | null): number | null {
  if (sessions === 0) return 0;
  const byPace = pace > 0 ? sessions / pace : Number.POSITIVE_INFINITY;
  const seconds = Math.min(byPace, Math.max(0, left ?? Number.POSITIVE_INFINITY));
  return Number.isFinite(seconds) ? Math.ceil(seconds) : null;
}

function ambiguous(text: string, pods: readonly (PodName | undefined)[]): DrainAnswer {
  const names = pods.map((pod) => (pod === undefined ? '' : formatPod(pod) || pod.address || pod.uid));
  const shown = names.slice(0, 5).join(', ');
  return {
    kind: 'ambiguous',
    message: `${text} may be any of ${names.length} pods: ${shown}${names.length > 5 ? '...' : ''}`,
  };
}
