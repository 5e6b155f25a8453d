import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { repeatableRandom } from '../../../test/support/affinity.ts';
import { buildEndpoint } from '../../../test/support/model-builder.ts';
import { Host } from '../../affinity/host.ts';
import { type UpstreamHost, UpstreamHosts } from '../upstream-host.ts';
import type { MovePolicy } from './move-policies.ts';
import { SessionCenter } from './session-center.ts';
import { type SessionNotice, WorkerSessions } from './worker-sessions.ts';

const POLICY = 'shop/cart';
const IDLE_SECONDS = 60;
const WINDOW = 3_600;
const TICK = 0.5;
const STEP = 0.1;

interface Client {
  readonly id: number;
  /** What its token says. */
  port: number;
  lastUsed: number;
  released: boolean;
}

interface ShopWorker {
  readonly hosts: UpstreamHosts;
  readonly sessions: WorkerSessions;
}

interface ShopOptions {
  readonly workers?: number;
  readonly pods: number;
  readonly maxPerMinute?: number;
  readonly whenAbove?: number;
  /** How long what the primary says is on its way to a worker, in seconds. */
  readonly lag?: (worker: number) => number;
}

/** A primary and workers that serve clients of one policy, and the channel between them, without the requests. */
class Shop {
  now = 1_000;
  readonly center: SessionCenter;
  readonly clients: Client[] = [];
  /** When sessions moved. */
  readonly moves: number[] = [];
  splits = 0;
  #pods: number;
  readonly #rebalance: MovePolicy['rebalance'];
  readonly #hosts = new UpstreamHosts();
  readonly #workers: ShopWorker[];
  readonly #random = repeatableRandom();
  readonly #lag: (worker: number) => number;
  /** What was said and has not come in yet, in the order it was said. */
  #sent: { readonly worker: number; readonly at: number; readonly notice: SessionNotice }[] = [];
  #tickedAt = 0;

  constructor({ workers = 2, pods, maxPerMinute = 600, whenAbove = 1.25, lag = () => 0 }: ShopOptions) {
    this.#pods = pods;
    this.#lag = lag;
    this.#rebalance = { idleForMillis: IDLE_SECONDS * 1000, whenAbove, maxPerMinute };
    this.center = new SessionCenter({
      hosts: () => this.#hosts,
      capacity: 100_000,
      hasWorkers: true,
      nowSeconds: () => this.now,
      wallMillis: () => this.now * 1000,
    });
    this.#workers = Array.from({ length: workers }, (_, worker) => this.#start(worker));
    this.scale(pods);
  }

  at(port: number): UpstreamHost {
    return this.#hosts.hostFor('web', buildEndpoint({ host: '127.0.0.1', port }));
  }

  get loads(): number[] {
    return Array.from({ length: this.#pods }, (_, index) => this.at(index + 1).liveSessions);
  }

  scale(pods: number): void {
    this.#pods = pods;
    const ports = Array.from({ length: pods }, (_, index) => index + 1);
    for (const { hosts } of this.#workers) {
      for (const port of ports) hosts.hostFor('web', buildEndpoint({ host: '127.0.0.1', port }));
    }
    const hosts = ports.map((port) => new Host(buildEndpoint({ host: '127.0.0.1', port }), this.at(port), 0, port - 1));
    const pool = { hosts, candidates: () => hosts, cap: Number.POSITIVE_INFINITY };
    this.center.useMovePolicies([{ policy: POLICY, rebalance: this.#rebalance, pools: [pool] }]);
  }

  /** So many sessions begin at the pod. */
  begin(port: number, count: number): void {
    for (let left = count; left > 0; left--) {
      const client = { id: this.clients.length + 1, port, lastUsed: this.now, released: false };
      this.clients.push(client);
      this.#see(client.id % this.#workers.length, client);
    }
  }

  /** The client sends requests to these workers at once, all with the token that it has; true: it moved. */
  visit(client: Client, workers: readonly number[] = [...this.#workers.keys()]): boolean {
    const { id, port, lastUsed, released } = client;
    const isSafe = released || this.now - lastUsed >= IDLE_SECONDS;
    const ports = workers.map((worker) => {
      const to = isSafe ? this.#moveOf(worker, id, port) : null;
      const answered = { ...client, port: to?.port ?? port, lastUsed: this.now, released: released && to === null };
      this.#see(worker, answered);
      Object.assign(client, answered);
      return answered.port;
    });
    if (new Set(ports).size > 1) this.splits++;
    if (ports.some((each) => each !== port)) this.moves.push(this.now);
    return client.port !== port;
  }

  release(client: Client): void {
    client.released = true;
    this.#see(0, client);
  }

  openStream({ id, port }: Client): void {
    const worker = this.#workers[0] as ShopWorker;
    worker.sessions.opened({
      hi: id,
      lo: id * 4096,
      host: this.#hostAt(0, port),
      windowSeconds: WINDOW,
      policy: POLICY,
    });
  }

  /** The worker ends without a word, and another takes its place. */
  replace(worker: number): void {
    this.center.onExit(worker);
    this.#sent = this.#sent.filter((each) => each.worker !== worker);
    this.#workers[worker] = this.#start(worker);
    this.scale(this.#pods);
    this.#workers[worker].sessions.receive(structuredClone(this.center.notice()));
  }

  pass(seconds: number): void {
    for (const end = this.now + seconds; this.now < end - STEP / 2; ) {
      this.now += STEP;
      if (this.now - this.#tickedAt >= TICK) this.#tick();
      this.#deliver();
    }
  }

  #tick(): void {
    this.#tickedAt = this.now;
    for (const { sessions } of this.#workers) sessions.tick();
    this.center.sweep();
    this.center.planMoves();
    for (const [worker, notice] of this.center.notices(this.#workers.length)) {
      const last = this.#sent.findLast((each) => each.worker === worker)?.at ?? 0;
      const at = Math.max(last, this.now + this.#lag(worker));
      this.#sent.push({ worker, at, notice: structuredClone(notice) });
    }
  }

  #deliver(): void {
    const sent = this.#sent;
    this.#sent = [];
    for (const each of sent) {
      if (each.at > this.now) this.#sent.push(each);
      else this.#workers[each.worker]?.sessions.receive(each.notice);
    }
  }

  /** One of the clients, a chance one. */
  any(): Client {
    return this.clients[Math.floor(this.#random() * this.clients.length)] as Client;
  }

  /** Moves within the busiest minute. */
  get mostInMinute(): number {
    return Math.max(0, ...this.moves.map((end) => this.moves.filter((at) => at <= end && at > end - 60).length));
  }

  #start(worker: number): ShopWorker {
    const hosts = new UpstreamHosts();
    const sessions = new WorkerSessions({
      hosts: () => hosts,
      capacity: 100_000,
      report: (report) => this.center.report(worker, structuredClone(report)),
      nowSeconds: () => this.now,
      wallMillis: () => this.now * 1000,
    });
    return { hosts, sessions };
  }

  #hostAt(worker: number, port: number): UpstreamHost {
    const { hosts } = this.#workers[worker] as ShopWorker;
    return hosts.hostFor('web', buildEndpoint({ host: '127.0.0.1', port }));
  }

  #moveOf(worker: number, id: number, port: number): UpstreamHost | null {
    const { sessions } = this.#workers[worker] as ShopWorker;
    const session = { hi: id, lo: id * 4096 };
    assert.ok(sessions.movesBy.kind === 'choice');
    const to = sessions.movesBy.hostFor(session);
    return to?.port === port ? null : to;
  }

  #see(worker: number, { id, port, released }: Client): void {
    const marks = { windowSeconds: WINDOW, policy: POLICY, isReleased: released, refreshSeconds: 7 };
    const { sessions } = this.#workers[worker] as ShopWorker;
    sessions.seen({ hi: id, lo: id * 4096, host: this.#hostAt(worker, port), ...marks });
  }
}

describe('moves of a gateway with several workers', () => {
  it('are agreed on, and no more than the balance needs, where all sessions come back at once', () => {
    for (const workers of [1, 2, 3]) {
      const shop = new Shop({ workers, pods: 3 });
      for (const port of [1, 2, 3]) shop.begin(port, 60);
      shop.scale(6);
      shop.pass(IDLE_SECONDS + 5);
      for (const client of shop.clients) shop.visit(client);
      assert.equal(shop.splits, 0);
      shop.pass(5);
      // The bound is 1.25 times 30, rounded down.
      assert.deepEqual(shop.loads.slice(0, 3), [37, 37, 37]);
      assert.deepEqual(
        shop.loads.slice(3).reduce((sum, load) => sum + load, 0),
        69,
      );
      assert.equal(shop.moves.length, 69);
      assert.ok(Math.max(...shop.loads.slice(3)) <= 30, 'no new pod is above the average');
    }
  });

  it('never part a session, and are never more than the policy allows, whatever happens', () => {
    const act = fc.record({
      kind: fc.constantFrom('visit', 'visit', 'all', 'alone', 'wait', 'wait', 'begin', 'replace'),
      tenths: fc.integer({ min: 1, max: 400 }),
      count: fc.integer({ min: 1, max: 30 }),
      worker: fc.nat(1),
    });
    const lags = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(
        fc.array(act, { maxLength: 30 }),
        fc.integer({ min: 1, max: 40 }),
        lags,
        (acts, maxPerMinute, lag) => {
          const shop = new Shop({ pods: 1, maxPerMinute, lag: (worker) => (lag[worker] ?? 0) / 10 });
          shop.begin(1, 100);
          shop.scale(3);
          shop.pass(IDLE_SECONDS);
          for (const { kind, tenths, count, worker } of acts) {
            if (kind === 'visit') {
              for (let left = count; left > 0; left--) {
                shop.visit(shop.any());
                shop.pass(STEP);
              }
            } else if (kind === 'all') for (const client of shop.clients) shop.visit(client);
            else if (kind === 'alone') for (const client of shop.clients) shop.visit(client, [worker]);
            else if (kind === 'begin') shop.begin(1 + (count % 3), count);
            else if (kind === 'replace') shop.replace(worker);
            else shop.pass(tenths / 10);
          }
          assert.ok(shop.mostInMinute <= maxPerMinute, `${shop.mostInMinute} of ${maxPerMinute}`);
          assert.equal(shop.splits, 0);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('count against the budget when a worker makes them and dies', () => {
    const shop = new Shop({ pods: 1, maxPerMinute: 5 });
    shop.begin(1, 100);
    shop.scale(2);
    shop.pass(IDLE_SECONDS + 5);
    assert.equal(shop.clients.filter((client) => shop.visit(client, [0])).length, 5);
    shop.replace(0);
    shop.pass(40);
    for (const client of shop.clients) shop.release(client);
    shop.pass(10);
    for (const client of shop.clients) shop.visit(client);
    assert.equal(shop.moves.length, 5);
    shop.pass(20);
    for (const client of shop.clients) shop.visit(client);
    assert.equal(shop.moves.length, 10);
    assert.equal(shop.splits, 0);
  });

  it('come to an even spread at a calm pace, and part no session', () => {
    const shop = new Shop({ pods: 2, maxPerMinute: 300, whenAbove: 1.1 });
    for (const port of [1, 2]) shop.begin(port, 500);
    shop.scale(5);
    shop.pass(IDLE_SECONDS);
    for (let second = 0; second < 1_800; second++) {
      shop.pass(1);
      for (let left = 5; left > 0; left--) shop.visit(shop.any());
    }
    assert.ok(Math.max(...shop.loads) <= 221, `${shop.loads}`);
    assert.ok(shop.mostInMinute <= 300);
    assert.equal(shop.splits, 0);
  });

  it('are of sessions that are idle or released, and not of those with a stream', () => {
    const shop = new Shop({ pods: 1 });
    shop.begin(1, 10);
    shop.scale(2);
    shop.pass(1);
    const [released, streaming, ...others] = shop.clients as [Client, Client, ...Client[]];
    shop.release(released);
    shop.release(streaming);
    shop.openStream(streaming);
    shop.pass(5);
    assert.equal(shop.visit(streaming), false);
    assert.equal(shop.visit(released), true);
    for (const client of others) assert.equal(shop.visit(client), false);
    shop.pass(IDLE_SECONDS + 5);
    assert.equal(others.filter((client) => shop.visit(client)).length, 3);
  });

  it('are known to a worker that starts, and over once the pod is no longer crowded', () => {
    const shop = new Shop({ pods: 1 });
    shop.begin(1, 10);
    shop.scale(2);
    shop.pass(IDLE_SECONDS + 5);
    shop.replace(1);
    const moved = shop.clients.filter((client) => shop.visit(client, [1]));
    assert.equal(moved.length, 4);
    shop.pass(5);
    shop.begin(2, 10);
    shop.pass(IDLE_SECONDS + 40);
    // Now the other pod is the crowded one: 14 of 20.
    assert.deepEqual(shop.loads, [6, 14]);
    const back = shop.clients.filter((client) => shop.visit(client));
    assert.equal(back.length, 2);
    assert.equal(shop.splits, 0);
  });
});
