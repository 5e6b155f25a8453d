import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { buildEndpoint } from '../../../test/support/model-builder.ts';
import type { SessionLedger } from '../../affinity/session-ledger.ts';
import { type UpstreamHost, UpstreamHosts } from '../upstream-host.ts';
import { SessionCenter } from './session-center.ts';
import { WorkerSessions } from './worker-sessions.ts';

const WINDOW = 100;
const PORTS = [1, 2, 3] as const;

function createHosts(): { readonly hosts: UpstreamHosts; readonly at: (port: number) => UpstreamHost } {
  const hosts = new UpstreamHosts();
  const at = (port: number): UpstreamHost => hosts.hostFor('web', buildEndpoint({ host: '127.0.0.1', port }));
  for (const port of PORTS) at(port);
  return { hosts, at };
}

/** A primary and workers, with the channel between them: what is sent is copied as a process would receive it. */
class Processes {
  now = 1_000;
  readonly center: SessionCenter;
  readonly primary = createHosts();
  readonly workers: (ReturnType<typeof createHosts> & { readonly sessions: WorkerSessions })[];
  readonly #capacity: number;

  constructor(count: number, capacity = 1_000) {
    const nowSeconds = (): number => this.now;
    this.#capacity = capacity;
    const wallMillis = (): number => this.now * 1000;
    const hosts = (): UpstreamHosts => this.primary.hosts;
    this.center = new SessionCenter({ hosts, capacity, hasWorkers: true, nowSeconds, wallMillis });
    this.workers = Array.from({ length: count }, (_, index) => this.#startWorker(index));
  }

  #startWorker(index: number): (typeof this.workers)[number] {
    const own = createHosts();
    const sessions = new WorkerSessions({
      hosts: () => own.hosts,
      capacity: this.#capacity,
      report: (news): void => this.center.report(index, structuredClone(news)),
      nowSeconds: () => this.now,
      wallMillis: () => this.now * 1000,
    });
    return { ...own, sessions };
  }

  /** One round: all report, and all are told. */
  exchange(): void {
    for (const { sessions } of this.workers) sessions.tick();
    this.center.sweep();
    for (const [worker, notice] of this.center.notices(this.workers.length)) {
      this.workers[worker]?.sessions.receive(structuredClone(notice));
    }
  }

  see(worker: number, id: number, port: number, isKey = false): void {
    this.#tell(worker, 'seen', id, port, isKey);
  }

  #tell(worker: number, what: 'seen' | 'ended' | 'opened' | 'closed', id: number, port: number, isKey = false): void {
    const { sessions, at } = this.workers[worker] as (typeof this.workers)[number];
    const ledger: SessionLedger<UpstreamHost> = sessions;
    ledger[what]({ hi: id, lo: id * 4096, host: at(port), windowSeconds: WINDOW, isKey });
  }

  end(worker: number, id: number, port: number): void {
    this.#tell(worker, 'ended', id, port);
  }

  open(worker: number, id: number, port: number): void {
    this.#tell(worker, 'opened', id, port);
  }

  close(worker: number, id: number, port: number): void {
    this.#tell(worker, 'closed', id, port);
  }

  /** The worker ends with all it has, and another takes its place. */
  replace(worker: number): void {
    this.center.onExit(worker);
    this.workers[worker] = this.#startWorker(worker);
    this.workers[worker].sessions.receive(structuredClone(this.center.notice()));
  }

  /** Seconds since a stream of the session was open: as the primary knows, then each worker. */
  streams(id: number): number[] {
    const session = { hi: id, lo: id * 4096 };
    const all = [this.center, ...this.workers.map(({ sessions }) => sessions)];
    return all.map((ledger) => Math.ceil(ledger.secondsSinceStream(session)));
  }

  /** Rounds over so much time, as they are made while nothing happens. */
  pass(seconds: number): void {
    for (let left = seconds; left > 0; left -= 5) {
      this.now += Math.min(5, left);
      this.exchange();
    }
  }

  /** Live sessions at each of the hosts: as the primary counts them, then as each worker knows. */
  counts(): number[][] {
    return [this.primary, ...this.workers].map(({ at }) => PORTS.map((port) => at(port).liveSessions));
  }
}

/** What is to be counted, for as long as no session becomes idle. */
class SessionModel {
  streams: { readonly worker: number; readonly id: number }[] = [];
  readonly #sessions = new Map<number, { readonly port: number; readonly isEnded: boolean }>();

  see(id: number, port: number): void {
    this.#sessions.set(id, { port, isEnded: false });
  }

  end(id: number): void {
    const session = this.#sessions.get(id);
    if (session !== undefined) this.#sessions.set(id, { ...session, isEnded: true });
    this.#forgetEnded();
  }

  /** False if the worker has none. */
  closeStream(worker: number, id: number): boolean {
    const index = this.streams.findIndex((stream) => stream.worker === worker && stream.id === id);
    if (index >= 0) this.streams.splice(index, 1);
    this.#forgetEnded();
    return index >= 0;
  }

  replaceWorker(worker: number): void {
    this.streams = this.streams.filter((stream) => stream.worker !== worker);
    this.#forgetEnded();
  }

  counts(): number[] {
    return PORTS.map((port) => [...this.#sessions.values()].filter((session) => session.port === port).length);
  }

  #forgetEnded(): void {
    for (const [id, { isEnded }] of this.#sessions) {
      if (isEnded && !this.streams.some((stream) => stream.id === id)) this.#sessions.delete(id);
    }
  }
}

describe('counting live sessions in workers', () => {
  it('counts a session once that several workers see, and everywhere', () => {
    const all = new Processes(2);
    all.see(0, 1, 1);
    all.see(1, 1, 1);
    all.see(1, 2, 2);
    // At once in the worker that saw it.
    assert.deepEqual(all.counts(), [
      [0, 0, 0],
      [1, 0, 0],
      [1, 1, 0],
    ]);
    all.exchange();
    assert.deepEqual(all.counts(), [
      [1, 1, 0],
      [1, 1, 0],
      [1, 1, 0],
    ]);
  });

  it('adds what a worker has seen since to what the primary says', () => {
    const all = new Processes(2);
    all.see(0, 1, 1);
    all.exchange();
    all.see(0, 2, 1);
    all.see(1, 3, 1);
    assert.deepEqual(
      all.counts().map(([first]) => first),
      [1, 2, 2],
    );
    all.exchange();
    assert.deepEqual(
      all.counts().map(([first]) => first),
      [3, 3, 3],
    );
  });

  it('keeps a session that goes on in one worker, and one with a silent stream', () => {
    const all = new Processes(2);
    all.see(0, 1, 1);
    all.open(1, 2, 2);
    for (let round = 0; round < 40; round++) {
      all.now += WINDOW / 10;
      all.see(0, 1, 1);
      all.exchange();
    }
    assert.deepEqual(all.counts(), [
      [1, 1, 0],
      [1, 1, 0],
      [1, 1, 0],
    ]);
    all.close(1, 2, 2);
    for (let round = 0; round < 12; round++) {
      all.now += WINDOW / 10;
      all.exchange();
    }
    assert.deepEqual(all.counts(), [
      [0, 0, 0],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('does not let a stream bring its session back to where it was', () => {
    const all = new Processes(2);
    all.open(0, 1, 1);
    all.exchange();
    all.see(1, 1, 2);
    all.exchange();
    for (let round = 0; round < 20; round++) {
      all.now += WINDOW / 10;
      all.exchange();
    }
    assert.deepEqual(all.counts()[0], [0, 1, 0]);
  });

  it('tells every worker the places of keys, and a new one all of them', () => {
    const all = new Processes(3);
    const id = { hi: 7, lo: 7 * 4096 };
    all.see(0, 7, 2, true);
    all.see(0, 8, 1);
    all.exchange();
    for (const { sessions } of all.workers) assert.equal(sessions.placeOf(id)?.port, 2);
    assert.equal(all.workers[1]?.sessions.placeOf({ hi: 8, lo: 8 * 4096 }), null);
    const late = new Processes(1);
    const [worker] = late.workers;
    worker?.sessions.receive(structuredClone(all.center.notice()));
    assert.equal(worker?.sessions.placeOf(id)?.port, 2);
    assert.deepEqual(late.counts()[1], [1, 1, 0]);
    // A key that moves is known to have moved.
    all.see(2, 7, 3, true);
    all.exchange();
    for (const { sessions } of all.workers) assert.equal(sessions.placeOf(id)?.port, 3);
  });

  it('survives the end of a worker', () => {
    const all = new Processes(2);
    all.see(0, 1, 1);
    all.see(1, 2, 1);
    all.exchange();
    all.center.onExit(1);
    all.now += 10;
    all.see(0, 1, 1);
    all.exchange();
    assert.equal(all.primary.at(1).liveSessions, 2);
    assert.equal(all.workers[0]?.at(1).liveSessions, 2);
  });

  it('tells every worker of an open stream and of its end, and a new one what is known', () => {
    const all = new Processes(3);
    all.see(2, 1, 1);
    all.open(0, 1, 1);
    all.exchange();
    assert.deepEqual(all.streams(1), [0, 0, 0, 0]);
    assert.equal(all.workers[1]?.sessions.placeOf({ hi: 1, lo: 4096 })?.port, 1);
    all.pass(10 * WINDOW);
    assert.deepEqual(all.streams(1), [0, 0, 0, 0]);
    all.replace(1);
    assert.deepEqual(all.streams(1), [0, 0, 0, 0]);
    assert.equal(all.workers[1]?.sessions.placeOf({ hi: 1, lo: 4096 })?.port, 1);
    all.close(0, 1, 1);
    all.exchange();
    all.pass(30);
    all.replace(2);
    assert.deepEqual(all.streams(1), [30, 30, 30, 30]);
    all.pass(2 * WINDOW);
    assert.deepEqual(all.streams(1), new Array(4).fill(Number.POSITIVE_INFINITY));
    for (const counts of all.counts()) assert.deepEqual(counts, [0, 0, 0]);
  });

  it('knows of a stream until every worker has closed its own', () => {
    const all = new Processes(3);
    for (const worker of [0, 0, 1]) all.open(worker, 1, 1);
    all.exchange();
    all.close(0, 1, 1);
    all.exchange();
    assert.deepEqual(all.streams(1), [0, 0, 0, 0]);
    all.close(0, 1, 1);
    all.exchange();
    all.pass(10 * WINDOW);
    assert.deepEqual(all.streams(1), [0, 0, 0, 0]);
    all.close(1, 1, 1);
    all.exchange();
    all.pass(20);
    assert.deepEqual(all.streams(1), [20, 20, 20, 20]);
  });

  it('knows the streams of a worker that has ended as closed, and no others', () => {
    const all = new Processes(2);
    for (const worker of [0, 1]) all.open(worker, 1, 1);
    all.open(1, 2, 2);
    all.open(0, 3, 3);
    all.exchange();
    all.pass(10 * WINDOW);
    all.replace(1);
    all.exchange();
    all.pass(20);
    assert.deepEqual(
      [all.streams(1), all.streams(2), all.streams(3)],
      [
        [0, 0, 0],
        [20, 20, 20],
        [0, 0, 0],
      ],
    );
    all.pass(2 * WINDOW);
    for (const counts of all.counts()) assert.deepEqual(counts, [1, 0, 1]);
  });

  it('forgets the streams of a host that is gone, and lets the end of one not end its session elsewhere', () => {
    const all = new Processes(2);
    for (const id of [1, 2]) all.open(0, id, 1);
    all.exchange();
    const gone = [all.primary, ...all.workers].map(({ at }) => at(1));
    all.center.forget((host) => gone.includes(host));
    for (const { sessions } of all.workers) sessions.forget((host) => gone.includes(host));
    for (const { hosts } of [all.primary, ...all.workers]) hosts.retain((_, address) => !address.endsWith(':1'));
    assert.deepEqual(all.streams(1), new Array(3).fill(Number.POSITIVE_INFINITY));
    all.see(1, 1, 2);
    all.open(1, 2, 2);
    all.exchange();
    const { sessions } = all.workers[0] as (typeof all.workers)[number];
    for (const id of [1, 2]) {
      sessions.closed({ hi: id, lo: id * 4096, host: gone[1] as UpstreamHost, windowSeconds: WINDOW });
    }
    all.exchange();
    all.exchange();
    assert.deepEqual(all.streams(2), [0, 0, 0]);
    for (const { at } of [all.primary, ...all.workers]) assert.equal(at(2).liveSessions, 2);
  });

  it('ends a session that the application has ended with its last stream, wherever that is', () => {
    const all = new Processes(3);
    all.open(0, 1, 1);
    all.open(1, 1, 1);
    all.exchange();
    all.end(2, 1, 1);
    all.exchange();
    all.pass(3 * WINDOW);
    for (const counts of all.counts()) assert.deepEqual(counts, [1, 0, 0]);
    all.close(0, 1, 1);
    all.exchange();
    assert.equal(all.primary.at(1).liveSessions, 1);
    all.close(1, 1, 1);
    all.exchange();
    for (const counts of all.counts()) assert.deepEqual(counts, [0, 0, 0]);
    assert.deepEqual(all.streams(1), new Array(4).fill(Number.POSITIVE_INFINITY));
  });

  it('knows of a stream where there are more sessions than it may keep, and keeps nothing of too many streams', () => {
    const all = new Processes(2, 10);
    all.open(0, 1, 1);
    all.exchange();
    for (let id = 2; id < 60; id++) all.see(id % 2, id, 2);
    all.exchange();
    all.pass(WINDOW);
    assert.deepEqual(all.streams(1), [0, 0, 0]);
    const more = Array.from({ length: 16 }, (_, index) => 100 + index);
    for (const id of more) all.open(id % 2, id, 2);
    all.pass(WINDOW);
    assert.deepEqual(all.counts()[0], [0, 10, 0]);
    for (const id of more) all.close(id % 2, id, 2);
    all.close(0, 1, 1);
    all.pass(3 * WINDOW);
    for (const counts of all.counts()) assert.deepEqual(counts, [0, 0, 0]);
    for (const id of [1, ...more]) assert.deepEqual(all.streams(id), new Array(3).fill(Number.POSITIVE_INFINITY));
  });

  it('answers a list of drains with what it has, also where that is nothing', () => {
    const reports: [words: number, drainList: number][] = [];
    const { hosts, at } = createHosts();
    const sessions = new WorkerSessions({
      hosts: () => hosts,
      capacity: 10,
      report: ({ words }, drainList) => reports.push([words.length, drainList]),
      nowSeconds: () => 1_000,
      wallMillis: () => 1_000_000,
    });
    const none = { counts: [], news: null, moves: null };
    const answer = (): void => sessions.receive({ ...none, isAnswer: true });
    sessions.followDrains(3);
    sessions.tick();
    answer();
    sessions.tick();
    assert.deepEqual(reports, [[0, 3]]);
    sessions.seen({ hi: 1, lo: 4096, host: at(1), windowSeconds: WINDOW });
    sessions.tick();
    // While that is on its way.
    sessions.followDrains(4);
    sessions.followDrains(2);
    sessions.tick();
    answer();
    sessions.tick();
    assert.deepEqual(
      reports.map(([, drainList]) => drainList),
      [3, 3, 4],
    );
  });

  it('takes no part of sessions of hosts that it does not know', () => {
    const all = new Processes(1);
    const stranger = all.workers[0]?.hosts.hostFor('web', buildEndpoint({ host: '127.0.0.1', port: 99 }));
    assert.ok(stranger);
    all.see(0, 1, 1);
    all.exchange();
    all.workers[0]?.sessions.seen({ hi: 1, lo: 4096, host: stranger, windowSeconds: WINDOW });
    all.exchange();
    assert.deepEqual(all.counts()[0], [0, 0, 0]);
  });

  it('comes to the right counts whatever happens', () => {
    const act = fc.record({
      kind: fc.constantFrom('see', 'see', 'see', 'end', 'exchange', 'wait', 'open', 'close', 'replace'),
      worker: fc.nat(2),
      id: fc.integer({ min: 1, max: 4 }),
      port: fc.constantFrom(...PORTS),
    });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const all = new Processes(3);
        const model = new SessionModel();
        for (const { kind, worker, id, port } of acts) {
          if (kind === 'see') {
            all.see(worker, id, port);
            model.see(id, port);
          } else if (kind === 'open') {
            all.open(worker, id, port);
            model.see(id, port);
            model.streams.push({ worker, id });
          } else if (kind === 'close' && model.closeStream(worker, id)) {
            all.close(worker, id, port);
          } else if (kind === 'replace') {
            all.replace(worker);
            model.replaceWorker(worker);
          } else if (kind === 'end') {
            all.end(worker, id, port);
            model.end(id);
          } else if (kind === 'wait') all.now += 3;
          // News of one session from two workers has no order but that of rounds.
          all.exchange();
        }
        all.exchange();
        for (const counts of all.counts()) assert.deepEqual(counts, model.counts());
        all.pass(3 * WINDOW);
        for (const { id } of model.streams) assert.deepEqual(all.streams(id), [0, 0, 0, 0]);
        for (const { worker, id } of model.streams) all.close(worker, id, 1);
        all.exchange();
        all.pass(2 * WINDOW);
        for (const counts of all.counts()) assert.deepEqual(counts, [0, 0, 0]);
      }),
      { numRuns: 300 },
    );
  });
});
