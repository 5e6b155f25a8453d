import { once } from 'node:events';
import { cp, readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { App, AppOptions, CreateApp } from '../app-types.ts';
import type { Log } from '../telemetry/log.ts';
import { LabService } from './lab-service.ts';
import { readSlices } from './manifests.ts';
import type { TutorialPlace } from './trials.ts';
import type { Tutorial } from './tutorials.ts';

export interface RunningTutorialOptions {
  readonly tutorial: Tutorial;
  readonly examples: string;
  /** The lab's folder: copies, access logs and cookie jars lie in it. */
  readonly labFolder: string;
  readonly createApp: CreateApp;
  readonly onEvent: (message: string) => void;
}

const HOST = '127.0.0.1';
const SERVED_POLL_MILLIS = 20;
/** A change of a file is live within a second, unless it changes nothing for the gateway or is broken. */
const MAX_SERVED_MILLIS = 1_000;

/** A tutorial that is served: its pods, and a gateway of its own that watches the lab's copy of its files. */
export class RunningTutorial implements AsyncDisposable {
  readonly tutorial: Tutorial;
  readonly folder: string;
  readonly #options: RunningTutorialOptions;
  #services: LabService[] = [];
  #app: App | null = null;
  #ports: ReadonlyMap<number, number> = new Map();

  constructor(options: RunningTutorialOptions) {
    this.tutorial = options.tutorial;
    this.folder = join(options.labFolder, 'tutorials', options.tutorial.name);
    this.#options = options;
  }

  get services(): readonly LabService[] {
    return this.#services;
  }

  /** Port in the YAML -> port that is bound. */
  get ports(): ReadonlyMap<number, number> {
    return this.#ports;
  }

  get place(): TutorialPlace {
    const { examples, tutorial } = this.#options;
    return {
      port: this.#ports.values().next().value ?? 0,
      adminAddress: this.#app?.adminAddress ?? '',
      folder: this.folder,
      original: join(examples, tutorial.name),
      accessLog: this.#file('access-logs', 'log'),
      cookieJar: this.#file('cookies', 'txt'),
    };
  }

  /** Copies the files and starts the pods. */
  async startPods(): Promise<void> {
    const { examples, tutorial } = this.#options;
    await cp(join(examples, tutorial.name), this.folder, { recursive: true });
    this.#services = await this.#readServices();
    for (const service of this.#services) await service.start();
  }

  /** The pods have to run: from here on the gateway sends requests to them. */
  async startGateway(): Promise<void> {
    const { tutorial, createApp } = this.#options;
    const bound: [number, number][] = [];
    for (const port of tutorial.ports) bound.push([port.yaml, await findFreePort(port.preferred)]);
    this.#ports = new Map(bound);
    const options: AppOptions = {
      paths: [this.folder],
      recursive: false,
      portMap: this.#ports,
      bind: HOST,
      admin: { host: HOST, port: await findFreePort(tutorial.preferredAdminPort), token: null },
      accessLog: { kind: 'file', path: this.#file('access-logs', 'log') },
      watch: true,
      workers: 1,
    };
    this.#app = await createApp(options, this.#createLog());
    await this.#app.ready;
  }

  /** Ends the gateway, when its requests are done or so much time has passed, and then the pods. */
  async stop(graceMillis: number): Promise<void> {
    await this.#app?.drain(graceMillis);
    await this.#app?.[Symbol.asyncDispose]();
    this.#app = null;
    await Promise.all(this.#services.map((service) => service.stop(graceMillis)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop(0);
  }

  /** What comes before the gateway serves is nothing that has happened yet. */
  #createLog(): Log {
    const tell = (_fields: unknown, message: string): void =>
      this.#options.onEvent(`${this.tutorial.name}: ${message}`);
    const tellOnceServed: Log['info'] = (fields, message) => {
      if (this.#app !== null) tell(fields, message);
    };
    return { info: tellOnceServed, warn: tell, error: tell };
  }

  async #readServices(): Promise<LabService[]> {
    const services: LabService[] = [];
    for (const file of (await readdir(this.folder)).filter((name) => name.endsWith('.yaml'))) {
      const manifestPath = join(this.folder, file);
      for (const slice of readSlices(await readFile(manifestPath, 'utf8'))) {
        const { onEvent } = this.#options;
        services.push(new LabService({ slice, manifestPath, onEvent, apply: (change) => this.#apply(change) }));
      }
    }
    return services;
  }

  async #apply(change: () => Promise<boolean>): Promise<void> {
    const before = this.#app?.snapshot?.revision;
    if (!(await change())) return;
    const deadline = performance.now() + MAX_SERVED_MILLIS;
    while (this.#app?.snapshot?.revision === before && performance.now() < deadline) await delay(SERVED_POLL_MILLIS);
  }

  #file(folder: string, ending: string): string {
    return join(this.#options.labFolder, folder, `${this.tutorial.name}.${ending}`);
  }
}

/** The port itself, or any other that is free when somebody has it. */
async function findFreePort(preferred: number): Promise<number> {
  for (const port of [preferred, 0]) {
    const server = createServer().listen(port, HOST);
    try {
      await once(server, 'listening');
      const address = server.address();
      const found = typeof address === 'object' && address !== null ? address.port : 0;
      server.close();
      await once(server, 'close');
      return found;
    } catch {
      // Taken; or no port is free at all, and then binding it will say so.
    }
  }
  return preferred;
}
