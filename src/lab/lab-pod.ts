import { LogBuffer } from './log-buffer.ts';
import { versionOf } from './pod-names.ts';
import { type PodProcess, startPodProcess } from './pod-process.ts';

/** `down`: its process ended; it is started again, or stays so if that was asked for. */
export type PodState = 'starting' | 'ready' | 'terminating' | 'down' | 'stopped';

export interface LabPodOptions {
  readonly name: string;
  /** Where it would like to listen. */
  readonly host: string;
  readonly port: number;
  readonly nodeName: string | null;
  /** Called after each change of its state that does not come from a call to it. */
  readonly onChange: () => void;
}

const FIRST_RESTART_MILLIS = 1_000;
const MAX_RESTART_MILLIS = 10_000;
/** A pod that ran so long has proved itself: the next restart is prompt again. */
const PROVEN_MILLIS = 10_000;
const STOP_GRACE_MILLIS = 12_000;

/** A pod of the lab: its process, started again when it ends as a kubelet would, and its log. */
export class LabPod {
  readonly name: string;
  readonly version: string;
  readonly nodeName: string | null;
  readonly log: LogBuffer = new LogBuffer();
  state: PodState = 'starting';
  restarts = 0;
  host: string;
  port: number;
  readonly #onChange: () => void;
  #process: PodProcess | null = null;
  #restartTimer: NodeJS.Timeout | null = null;
  #restartMillis = FIRST_RESTART_MILLIS;
  #staysDown = false;

  constructor(options: LabPodOptions) {
    this.name = options.name;
    this.version = versionOf(options.name);
    this.nodeName = options.nodeName;
    this.host = options.host;
    this.port = options.port;
    this.#onChange = options.onChange;
  }

  /** 0: no process runs. */
  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** Resolves when it answers. Its address may be another one than it would have liked. */
  async start(): Promise<void> {
    const process = await startPodProcess({
      name: this.name,
      version: this.version,
      addresses: [`${this.host}:${this.port}`, '127.0.0.1:0'],
      onLine: (line) => this.log.append(line),
    });
    // It was stopped while it was starting.
    if (this.state === 'stopped') return process.kill();
    const startedAt = performance.now();
    this.#process = process;
    this.host = process.host;
    this.port = process.port;
    if (this.state === 'starting' || this.state === 'down') this.state = 'ready';
    void process.exited.then(() => this.#handleExit(performance.now() - startedAt));
  }

  /** Ends the process at once, as a crash does. Resolves when it is gone. */
  async kill(restart: boolean): Promise<void> {
    this.#staysDown = !restart;
    if (!restart && this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    await this.#process?.kill();
  }

  /** Lets it finish its requests. Resolves when it is gone for good. */
  async stop(graceMillis: number = STOP_GRACE_MILLIS): Promise<void> {
    this.state = 'stopped';
    if (this.#restartTimer !== null) clearTimeout(this.#restartTimer);
    await this.#process?.terminate(graceMillis);
  }

  #handleExit(ranMillis: number): void {
    this.#process = null;
    if (this.state === 'stopped') return;
    this.log.append(`${new Date().toISOString()} ${this.name} its process ended`);
    if (this.state !== 'terminating') this.state = 'down';
    if (!this.#staysDown && this.state === 'down') this.#scheduleRestart(ranMillis);
    this.#onChange();
  }

  #scheduleRestart(ranMillis: number): void {
    if (ranMillis >= PROVEN_MILLIS) this.#restartMillis = FIRST_RESTART_MILLIS;
    this.#restartTimer = setTimeout(() => void this.#restart(), this.#restartMillis);
    this.#restartMillis = Math.min(2 * this.#restartMillis, MAX_RESTART_MILLIS);
  }

  async #restart(): Promise<void> {
    if (this.state !== 'down') return;
    this.restarts++;
    try {
      await this.start();
      this.#onChange();
    } catch (error) {
      this.log.append(`${new Date().toISOString()} ${this.name} ${error instanceof Error ? error.message : error}`);
      this.#scheduleRestart(0);
    }
  }
}
