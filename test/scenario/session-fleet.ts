import { setTimeout as delay } from 'node:timers/promises';
import { repeatableRandom } from '../support/affinity.ts';
import type { RequestFailure, TimedResponse } from '../support/keep-alive-connection.ts';
import type { Balanced, FrontBalancer } from './front-balancer.ts';
import type { System } from './gateways.ts';
import type { Pod, PodFleet } from './pod-fleet.ts';
import { type ClientKind, SessionClient } from './session-client.ts';
import type { Operation } from './session-pods.ts';
import type { Tally } from './tally.ts';

/** Number of a client that is none of the others. */
const STRANGER = 1_000_000;
const RETIRED_SAMPLE = 200;
/** Requests at once. */
const CONCURRENCY = 48;
/** Between two requests of a client at the least, so that few clients do not use up the machine. */
const PAUSE_MILLIS = 200;
/** One client in so many is of the kind. */
const FORGERS = 100;
const SILENT = 20;
const HEADERS = 4;
/** One session in so many goes on while its pod drains; the others end before. */
const LASTING = 5;
const STUBBORN = 20;

/** Clients with their sessions, who check each answer against what they know themselves. */
export class SessionFleet {
  readonly clients: readonly SessionClient[];
  /** Clients that send nothing for a while. */
  readonly asleep: Set<SessionClient> = new Set();
  /** The pod of which the stubborn clients' sessions can't be saved, however long it drains. */
  stubbornPod: Pod | null = null;
  readonly #system: System;
  readonly #pods: PodFleet;
  readonly #balancer: FrontBalancer;
  readonly #tally: Tally;
  readonly #random = repeatableRandom();
  #epoch = 0;

  constructor(clients: number, system: System, pods: PodFleet, balancer: FrontBalancer, tally: Tally) {
    this.clients = Array.from({ length: clients }, (_, number) => new SessionClient(number, kindOf(number)));
    this.#system = system;
    this.#pods = pods;
    this.#balancer = balancer;
    this.#tally = tally;
  }

  /** Every client that is awake sends so many requests, one after the other; clients in another order each time. */
  async sweep({ clients = this.clients, requests = 1 }: SweepOptions = {}): Promise<void> {
    const queue = this.#shuffle(clients.filter((client) => !this.asleep.has(client)));
    const work = async (): Promise<void> => {
      for (let client = queue.pop(); client !== undefined; client = queue.pop()) {
        for (let i = 0; i < requests; i++) await this.#request(client);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
  }

  /** Changes something while all clients go on. */
  async during(change: () => Promise<void>): Promise<void> {
    let isOver = false;
    this.#epoch++;
    const changing = change().finally(() => {
      isOver = true;
      this.#epoch++;
    });
    const using = async (): Promise<void> => {
      while (!isOver) {
        await this.sweep();
        await delay(PAUSE_MILLIS);
      }
    };
    await Promise.all([changing, using()]);
  }

  /** Of the clients with sessions, as they are now. */
  tokens(): ReadonlyMap<SessionClient, string> {
    return new Map(this.clients.filter(({ hasSession }) => hasSession).map((client) => [client, client.token]));
  }

  /** Nobody opens these tokens any more: a stranger who brings them is led to the sessions' pods by chance alone. */
  async checkRetired(tokens: ReadonlyMap<SessionClient, string>): Promise<void> {
    const { retired } = this.#tally;
    for (const [client, token] of [...tokens].slice(0, RETIRED_SAMPLE)) {
      const stranger = new SessionClient(STRANGER, client.kind);
      const lines = stranger.lines(this.#system.carriers, token);
      const request = { path: pathOf('visit', stranger), lines, isAlone: false };
      const response = this.#accept(await this.#balancer.send(request));
      retired.asked++;
      retired.byChance += 1 / this.#pods.listed.size;
      if (response?.body === client.pod) retired.followed++;
    }
  }

  /** Asks every gateway for each of some sessions, as a visitor with its token. */
  async checkAgreement(sessions: number): Promise<void> {
    const clients = this.#shuffle(this.clients.filter(({ hasSession, pod }) => hasSession && pod !== ''));
    for (const client of clients.slice(0, sessions)) {
      const lines = client.lines(this.#system.carriers);
      const answers = await this.#askAll({ path: pathOf('visit', client), lines, isAlone: false });
      this.#tally.agreement.asked++;
      if (answers.every((pod) => pod === client.pod)) this.#tally.agreement.agreed++;
    }
  }

  /** New clients whose first requests come to all gateways at once, as a browser loads a page. */
  async checkParallel(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const client = new SessionClient(this.clients.length + i, 'cookie');
      const lines = client.lines(this.#system.carriers);
      const [first, ...others] = await this.#askAll({ path: pathOf('visit', client), lines, isAlone: true });
      this.#tally.parallel.asked++;
      if (others.every((pod) => pod === first)) this.#tally.parallel.agreed++;
    }
  }

  async #askAll(request: Balanced): Promise<readonly string[]> {
    const results = await Promise.all(this.#balancer.ports.map((port) => this.#balancer.sendTo(port, request)));
    return results.map((result) => this.#accept(result)?.body ?? '');
  }

  async #request(client: SessionClient): Promise<void> {
    if (client.kind === 'forger') return this.#forge(client);
    const operation = this.#nextOperation(client);
    const { carriers } = this.#system;
    const lines = client.lines(carriers);
    const epoch = this.#epoch;
    const request = { path: pathOf(operation, client), lines, isAlone: operation === 'begin' };
    const response = this.#accept(await this.#balancer.send(request));
    if (response === null) return;
    client.keep(response, carriers);
    const [pod = '', verdict = '', former = '', idle = ''] = response.body.split(' ');
    if (client.kind === 'silent') this.#judgeSilent(client, pod, epoch);
    else this.#judge(client, { pod, verdict, former, idleMillis: Number(idle) });
    client.pod = pod;
    client.epoch = epoch;
    if (operation === 'end') client.forget();
  }

  #nextOperation(client: SessionClient): Operation {
    if (client.kind === 'silent') return 'visit';
    if (client.pod === '') return 'begin';
    const pod = this.#pods.get(client.pod);
    if (pod === this.stubbornPod && client.number % STUBBORN === 0) return 'hold';
    return pod.phase === 'draining' && client.number % LASTING !== 0 ? 'end' : 'use';
  }

  #accept(result: TimedResponse | RequestFailure): TimedResponse | null {
    this.#tally.requests++;
    if ('reason' in result) this.#tally.fail(result.reason);
    else if (result.status !== 200) this.#tally.fail(`status ${result.status}: ${result.body.trim()}`);
    else return result;
    return null;
  }

  #judge(client: SessionClient, { pod, verdict, former, idleMillis }: Answer): void {
    const tally = this.#tally;
    const isOwn = pod === client.pod;
    if (verdict === 'new' && client.pod === '') tally.begun++;
    else if (verdict === 'known' && isOwn) return;
    else if (verdict === 'resumed' && former === client.pod) tally.moved.released++;
    else if (verdict === 'lost' && former === client.pod) {
      const from = this.#pods.get(former);
      tally.lose(from, pod, idleMillis, this.#system.idleForMillis);
      if (from.host === this.#pods.get(pod).host) tally.toReusedAddress++;
    } else tally.contradictions.push(`${pod} says ${verdict} ${former}, the client had ${client.pod}`);
  }

  #judgeSilent(client: SessionClient, pod: string, epoch: number): void {
    if (client.pod === '' || client.epoch !== epoch || this.#epoch !== epoch) return;
    this.#tally.silent.repeated++;
    if (client.pod === pod) this.#tally.silent.stayed++;
  }

  /** In turn: its own token with one character changed, random text, and a token that names a pod. */
  async #forge(client: SessionClient): Promise<void> {
    const { carriers, forge } = this.#system;
    const targets = [...this.#pods.listed].filter(({ phase }) => phase === 'ready');
    const target = targets[Math.floor(this.#random() * targets.length)];
    const kind = client.epoch++ % 3;
    const isNaming = kind === 2 && forge !== null && target !== undefined;
    const token = isNaming ? forge(target) : kind === 1 ? this.#alter(client.token) : this.#randomToken();
    const lines = client.lines(carriers, token);
    const request = { path: pathOf('visit', client), lines, isAlone: false };
    const response = this.#accept(await this.#balancer.send(request));
    if (response === null) return;
    client.keep(response, carriers);
    this.#tally.forged.sent++;
    if (!isNaming) return;
    this.#tally.forged.naming++;
    this.#tally.forged.byChance += 1 / targets.length;
    if (response.body === target.name) this.#tally.forged.followed++;
  }

  #alter(token: string): string {
    const index = Math.floor(this.#random() * token.length);
    const other = token[index] === 'A' ? 'B' : 'A';
    return `${token.slice(0, index)}${other}${token.slice(index + 1)}`;
  }

  #randomToken(): string {
    return Array.from({ length: 96 }, () => Math.floor(this.#random() * 36).toString(36)).join('');
  }

  #shuffle(clients: readonly SessionClient[]): SessionClient[] {
    const shuffled = [...clients];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = Math.floor(this.#random() * (i + 1));
      [shuffled[i], shuffled[j]] = [shuffled[j] as SessionClient, shuffled[i] as SessionClient];
    }
    return shuffled;
  }
}

export interface SweepOptions {
  readonly clients?: readonly SessionClient[];
  readonly requests?: number;
}

interface Answer {
  readonly pod: string;
  readonly verdict: string;
  readonly former: string;
  readonly idleMillis: number;
}

function kindOf(number: number): ClientKind {
  if (number % FORGERS === 1) return 'forger';
  if (number % SILENT === 2) return 'silent';
  return number % HEADERS === 3 ? 'header' : 'cookie';
}

function pathOf(operation: Operation, client: SessionClient): string {
  return `/${operation}/${client.sessionId}`;
}
