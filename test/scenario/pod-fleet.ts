import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { reservePort } from '../support/http-server.ts';
import type { PodsReply, PodsRequest } from './session-pods.ts';

/** A pod as the configuration tells of it. */
export interface Pod {
  readonly name: string;
  readonly uid: string;
  readonly host: string;
  readonly port: number;
  /**
   * `ready`, then `draining` (terminating but serving), then `overdue` when its deadline has passed with sessions
   * left; `removed`: taken away without drain. A pod that was empty in time stays `draining` when it is gone.
   */
  phase: 'ready' | 'draining' | 'overdue' | 'removed';
  /** By performance.now(), for a pod that drains: what is lost before was lost too early. Infinite once it was empty in time. */
  deadline: number;
}

/** Gateways count deadlines in whole seconds, and begin when they hear of it. */
const DEADLINE_SLACK_MILLIS = 1_500;

/** Pods on addresses of 127.0.0.0/8 with one port, in a process of their own. Linux only: elsewhere there is 127.0.0.1 alone. */
export class PodFleet implements AsyncDisposable {
  /** Those that the configuration lists, in the order they came. */
  readonly listed: Set<Pod> = new Set();
  readonly #all = new Map<string, Pod>();
  readonly #child: ChildProcess;
  readonly #network: string;
  readonly #port: number;
  readonly #freeAddresses: string[] = [];
  #addresses = 0;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(child: ChildProcess, network: string, port: number) {
    this.#child = child;
    this.#network = network;
    this.#port = port;
  }

  static async start(): Promise<PodFleet> {
    // Another run beside this one has another network.
    const network = `127.${64 + Math.floor(Math.random() * 128)}.${Math.floor(Math.random() * 256)}`;
    const port = await reservePort(`${network}.1`);
    const child = fork(fileURLToPath(new URL('session-pods.ts', import.meta.url)), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    return new PodFleet(child, network, port);
  }

  /** A pod by its name, gone or not. */
  get(name: string): Pod {
    const pod = this.#all.get(name);
    if (pod === undefined) throw new Error(`there was no pod ${name}`);
    return pod;
  }

  /** Starts a pod and lists it; on the address that was freed first, where `reuse` is set and there is one. */
  async add({ reuse = false }: { readonly reuse?: boolean } = {}): Promise<Pod> {
    const number = this.#all.size;
    const host = (reuse ? this.#freeAddresses.shift() : undefined) ?? `${this.#network}.${++this.#addresses}`;
    const uid = `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
    const pod: Pod = { name: `web-${number}`, uid, host, port: this.#port, phase: 'ready', deadline: 0 };
    await this.#ask({ kind: 'start', pod: pod.name, host, port: pod.port });
    this.#all.set(pod.name, pod);
    this.listed.add(pod);
    return pod;
  }

  /** The pod learns that it is to go: it serves on, and saves what it can. */
  async drain(pod: Pod, deadlineMillis: number): Promise<void> {
    pod.phase = 'draining';
    pod.deadline = performance.now() + deadlineMillis - DEADLINE_SLACK_MILLIS;
    await this.#ask({ kind: 'drain', pod: pod.name });
  }

  /** Ends a pod that is no longer listed, after the requests that it has. */
  async stop(pod: Pod): Promise<void> {
    await this.#ask({ kind: 'stop', pod: pod.name });
    this.#freeAddresses.push(pod.host);
  }

  /** Sessions in the memory of each pod that runs. */
  async count(): Promise<ReadonlyMap<string, number>> {
    const reply = await this.#ask({ kind: 'count' });
    return new Map(reply.kind === 'counts' ? Object.entries(reply.counts) : []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.disconnect();
    await gone;
  }

  /** One question after the other, since answers name no question. */
  #ask(request: PodsRequest): Promise<PodsReply> {
    const asked = this.#last.then(async () => {
      const answered = once(this.#child, 'message');
      this.#child.send(request);
      const [reply] = (await answered) as [PodsReply];
      if (reply.kind === 'failed') throw new Error(`${request.kind}: ${reply.message}`);
      return reply;
    });
    this.#last = asked.catch(() => {});
    return asked;
  }
}
