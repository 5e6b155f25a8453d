import { setTimeout as delay } from 'node:timers/promises';
import { FrontBalancer } from './front-balancer.ts';
import type { Gateways, System } from './gateways.ts';
import { type Pod, PodFleet } from './pod-fleet.ts';
import { SessionFleet } from './session-fleet.ts';
import { Tally } from './tally.ts';

export interface ScenarioOptions {
  readonly clients: number;
  readonly onProgress: (line: string) => void;
}

export interface ScenarioResult {
  readonly system: System;
  readonly tally: Tally;
  readonly seconds: number;
}

/** Pods at first, and after the scale-up. */
const [FEW, MANY] = [3, 10];
/** Of the pods in the order they came: the four that stay when it scales down, and the one that goes without drain. */
const STAYING: readonly number[] = [1, 3, 8, 9];
const TAKEN_AWAY = 2;
/** Rebalancing may take several idle times, since gateways count sessions each for itself. */
const REBALANCE_ROUNDS = 6;
const WANTED_SPREAD = 1.25;
/** Sessions that are in use all the time, and may move under no circumstances. */
const BUSY = 10;
/** They come back bit by bit, so that each gateway notices what the others have moved. */
const WAKING_PORTIONS = 10;
const POLL_MILLIS = 50;
/** A token is made anew after an eighth of the idle time (decision 070), with some slack. */
const REFRESHES_PER_IDLE = 6;

/** Takes one system through a day of changes. Linux only. */
export async function runScenario(system: System, options: ScenarioOptions): Promise<ScenarioResult> {
  const startedAt = performance.now();
  await using stack = new AsyncDisposableStack();
  const pods = stack.use(await PodFleet.start());
  for (let i = 0; i < FEW; i++) await pods.add();
  const gateways = stack.use(await system.start(pods.listed));
  const balancer = new FrontBalancer(gateways.ports);
  stack.defer(() => balancer.close());
  const tally = new Tally();
  const fleet = new SessionFleet(options.clients, system, pods, balancer, tally);
  const day = new Day(system, { pods, gateways, balancer, tally, fleet }, options);
  await day.run();
  return { system, tally, seconds: (performance.now() - startedAt) / 1_000 };
}

interface Cast {
  readonly pods: PodFleet;
  readonly gateways: Gateways;
  readonly balancer: FrontBalancer;
  readonly tally: Tally;
  readonly fleet: SessionFleet;
}

class Day {
  readonly #system: System;
  readonly #cast: Cast;
  readonly #options: ScenarioOptions;

  constructor(system: System, cast: Cast, options: ScenarioOptions) {
    this.#system = system;
    this.#cast = cast;
    this.#options = options;
  }

  async run(): Promise<void> {
    const { fleet } = this.#cast;
    await fleet.sweep();
    await fleet.sweep();
    await this.#measure('start');
    await fleet.during(() => this.#scaleUp());
    await this.#settle();
    await this.#measure('scale-up');
    await this.#rebalance('rebalancing 1');
    await fleet.during(() => this.#scaleDown());
    await this.#settle();
    await this.#measure('scale-down');
    await fleet.during(() => this.#replaceAll());
    await this.#settle();
    await this.#measure('replacement');
    await fleet.during(() => this.#restartGateway());
    await this.#settle();
    await this.#rotateKeys();
    fleet.asleep.clear();
    await this.#settle();
    await this.#rebalance('rebalancing 2');
    await fleet.checkAgreement(Math.ceil(this.#options.clients / 20));
    await fleet.checkParallel(Math.ceil(this.#options.clients / 50));
  }

  async #scaleUp(): Promise<void> {
    const { pods, gateways } = this.#cast;
    while (pods.listed.size < MANY) await pods.add();
    await gateways.serve(pods.listed);
  }

  /** All but one of those that go are drained. */
  async #scaleDown(): Promise<void> {
    const { pods, gateways, fleet } = this.#cast;
    const all = [...pods.listed];
    const taken = all[TAKEN_AWAY] as Pod;
    // Half of those who lose their pod without drain notice late, when its address is somebody else's.
    for (const client of fleet.clients) {
      if (client.pod === taken.name && client.hasSession && client.number % 2 === 0) fleet.asleep.add(client);
    }
    taken.phase = 'removed';
    pods.listed.delete(taken);
    await gateways.serve(pods.listed);
    await pods.stop(taken);
    await this.#drain(all.filter((pod, index) => pod !== taken && !STAYING.includes(index)));
  }

  /** One after the other, each with its successor first, on an address that another pod had before. */
  async #replaceAll(): Promise<void> {
    const { pods, gateways, fleet } = this.#cast;
    const old = [...pods.listed];
    for (const pod of old) {
      await pods.add({ reuse: true });
      await gateways.serve(pods.listed);
      if (pod === old.at(-1)) fleet.stubbornPod = pod;
      await this.#drain([pod]);
    }
  }

  /** Until they are empty, or the deadline. */
  async #drain(leaving: readonly Pod[]): Promise<void> {
    const { pods, gateways, tally } = this.#cast;
    const { drainDeadlineMillis } = this.#system;
    for (const pod of leaving) await pods.drain(pod, drainDeadlineMillis);
    await gateways.serve(pods.listed);
    const end = performance.now() + drainDeadlineMillis;
    let left = leaving;
    while (performance.now() < end && left.length > 0) {
      await delay(POLL_MILLIS);
      const counts = await pods.count();
      left = left.filter(({ name, deadline }) => counts.get(name) !== 0 || performance.now() >= deadline);
    }
    for (const pod of leaving) {
      const isInTime = !left.includes(pod);
      if (isInTime) pod.deadline = Number.POSITIVE_INFINITY;
      else pod.phase = 'overdue';
      tally.drains.push({ pod: pod.name, isInTime });
      pods.listed.delete(pod);
    }
    await gateways.serve(pods.listed);
    for (const pod of leaving) await pods.stop(pod);
  }

  async #restartGateway(): Promise<void> {
    const { gateways, balancer } = this.#cast;
    const [port = 0] = gateways.ports;
    await gateways.restart(0, () => balancer.leave(port));
    balancer.use(gateways.ports);
  }

  /** Between the two steps every session is used, as in a time that is longer than sessions are idle. */
  async #rotateKeys(): Promise<void> {
    const { fleet, gateways } = this.#cast;
    const { keys } = gateways;
    const { idleForMillis } = this.#system;
    if (keys === null || idleForMillis === null) return;
    const before = fleet.tokens();
    await fleet.during(() => keys.add());
    await delay(idleForMillis / REFRESHES_PER_IDLE);
    await this.#settle();
    await fleet.during(() => keys.retire());
    await this.#settle();
    await fleet.checkRetired(before);
  }

  /** After a change every session is used twice, so that a token which was exchanged is used too. */
  async #settle(): Promise<void> {
    await this.#cast.fleet.sweep();
    await this.#cast.fleet.sweep();
  }

  /** Most sessions are idle for a while and come back bit by bit, some go on all the time. */
  async #rebalance(at: string): Promise<void> {
    const { fleet } = this.#cast;
    const { idleForMillis } = this.#system;
    if (idleForMillis === null) return;
    for (let round = 1; round <= REBALANCE_ROUNDS; round++) {
      for (const client of fleet.clients) if (client.number % BUSY !== 0) fleet.asleep.add(client);
      const end = performance.now() + idleForMillis * 1.3;
      while (performance.now() < end) {
        await fleet.sweep();
        await delay(idleForMillis / 10);
      }
      for (let portion = 0; portion < WAKING_PORTIONS; portion++) {
        for (const client of fleet.asleep) if (client.number % WAKING_PORTIONS === portion) fleet.asleep.delete(client);
        await fleet.sweep();
      }
      if ((await this.#measure(at)) <= WANTED_SPREAD) break;
    }
  }

  async #measure(at: string): Promise<number> {
    const { pods, tally } = this.#cast;
    const counts = await pods.count();
    const loads = [...pods.listed].map(({ name }) => counts.get(name) ?? 0);
    const spread = tally.spread(at, loads);
    const { requests, failed, lost } = tally;
    this.#options.onProgress(
      `${at}: ${loads.join(' ')} (${spread.toFixed(2)}); ${requests} requests, ${failed} failed; lost ${JSON.stringify(lost)}`,
    );
    return spread;
  }
}
