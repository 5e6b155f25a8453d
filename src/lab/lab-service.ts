import { readFile, rename, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { LabPod } from './lab-pod.ts';
import { LabProblem } from './lab-problem.ts';
import { readSlices, replaceSlices, type Slice, type SliceEntry } from './manifests.ts';
import { nextPodName, parsePodName } from './pod-names.ts';

export interface LabServiceOptions {
  /** As the tutorial has it; its pods are what the service starts with. */
  readonly slice: Slice;
  /** The lab's own copy of the file that holds the slice. */
  readonly manifestPath: string;
  /** Runs a change of the manifest and resolves when the gateway serves it, or had time enough to. */
  readonly apply: (change: () => Promise<boolean>) => Promise<void>;
  /** Told what happens to pods unasked. */
  readonly onEvent: (message: string) => void;
}

export const MAX_REPLICAS = 50;

/** A service of a tutorial: its pods, and the EndpointSlice through which the gateway knows them. */
export class LabService {
  readonly name: string;
  readonly #options: LabServiceOptions;
  readonly #port: number;
  readonly #usedHosts = new Set<string>();
  /** The first in the tutorial: what new pods are named after when no other is left. */
  readonly #model: string;
  #pods: LabPod[];
  #writing: Promise<unknown> = Promise.resolve();
  #scaling: Promise<unknown> = Promise.resolve();

  constructor(options: LabServiceOptions) {
    const [first] = options.slice.entries;
    if (first === undefined) throw new Error(`the tutorial's service ${options.slice.service} has no endpoints`);
    this.name = options.slice.service;
    this.#options = options;
    this.#port = first.port;
    this.#model = first.pod;
    this.#pods = options.slice.entries.map((entry) => this.#createPod(entry.pod, entry.address, entry.nodeName));
  }

  get pods(): readonly LabPod[] {
    return this.#pods;
  }

  /** Names by which it can be scaled: its own, and those of the workloads behind it. */
  get scalableNames(): readonly string[] {
    return [...new Set([this.name, ...this.#pods.map((pod) => parsePodName(pod.name).workload)])];
  }

  /** The pods of the service, or of the workload of that name. */
  podsOf(name: string): readonly LabPod[] {
    return name === this.name ? this.#pods : this.#pods.filter((pod) => parsePodName(pod.name).workload === name);
  }

  async start(): Promise<void> {
    await startInBatches(this.#pods);
    await this.#publish();
  }

  /** Brings the service, or one workload of it, to so many pods; one call at a time. */
  scale(name: string, replicas: number): Promise<void> {
    const scaling = this.#scaling.then(() => this.#scale(name, replicas));
    this.#scaling = scaling.catch(() => {});
    return scaling;
  }

  async #scale(name: string, replicas: number): Promise<void> {
    const pods = this.podsOf(name);
    if (pods.length < replicas) await this.#grow(pods, replicas - pods.length);
    else if (pods.length > replicas) await this.#shrink(chooseLeaving(pods, pods.length - replicas));
  }

  async #grow(siblings: readonly LabPod[], number: number): Promise<void> {
    const sibling = largestWorkload(siblings) ?? this.#model;
    const names = new Set(this.#pods.map((pod) => pod.name));
    const added: LabPod[] = [];
    for (let i = 0; i < number; i++) {
      const name = nextPodName(sibling, names);
      names.add(name);
      added.push(this.#createPod(name, this.#nextHost(), null));
    }
    try {
      await startInBatches(added);
    } catch (error) {
      await Promise.all(added.map((pod) => pod.stop(0)));
      throw new LabProblem(error instanceof Error ? error.message : String(error), { cause: error });
    }
    await this.#options.apply(() => {
      this.#pods = [...this.#pods, ...added];
      return this.#publish();
    });
  }

  /**
   * As Kubernetes does it, but one step after the other, so that no request meets a pod that is gone: the endpoint is
   * terminating (its sessions may stay, new ones may not come), then it is no endpoint any more, then the pod ends.
   */
  async #shrink(leaving: readonly LabPod[]): Promise<void> {
    await this.#options.apply(() => {
      for (const pod of leaving) if (pod.state === 'ready') pod.state = 'terminating';
      return this.#publish();
    });
    await this.#options.apply(() => {
      this.#pods = this.#pods.filter((pod) => !leaving.includes(pod));
      return this.#publish();
    });
    await Promise.all(leaving.map((pod) => pod.stop()));
  }

  /** Ends all pods; their endpoints stay written, since nobody is to be served any more. */
  async stop(graceMillis: number): Promise<void> {
    await Promise.all(this.#pods.map((pod) => pod.stop(graceMillis)));
    await this.#writing;
  }

  /** True when the manifest was changed. */
  #publish(): Promise<boolean> {
    const writing = this.#writing.then(() => this.#write());
    this.#writing = writing.catch(() => {});
    return writing;
  }

  async #write(): Promise<boolean> {
    const { slice, manifestPath } = this.#options;
    const entries = this.#pods.filter((pod) => pod.state !== 'starting' && pod.state !== 'stopped').map(toEntry);
    const text = await readFile(manifestPath, 'utf8');
    const written = readSlices(text).filter((other) => other.service === slice.service);
    if (
      areSame(
        written.flatMap((other) => other.entries),
        entries,
      )
    )
      return false;
    const temporary = join(dirname(manifestPath), `.${basename(manifestPath)}.new`);
    await writeFile(temporary, replaceSlices(text, { ...slice, entries }));
    await rename(temporary, manifestPath);
    return true;
  }

  #createPod(name: string, host: string, nodeName: string | null): LabPod {
    this.#usedHosts.add(host);
    const pod = new LabPod({
      name,
      host,
      port: this.#port,
      nodeName,
      onChange: () => {
        this.#options.onEvent(pod.state === 'ready' ? `pod ${name} runs again` : `pod ${name} has ended`);
        void this.#publish();
      },
    });
    return pod;
  }

  /** In the range of the first pod. An address is used again as late as possible, because tokens may still name it. */
  #nextHost(): string {
    const prefix = (this.#options.slice.entries[0]?.address ?? '').replace(/\d+$/, '');
    const hosts = Array.from({ length: 254 }, (_, index) => `${prefix}${index + 1}`);
    const inUse = new Set(this.#pods.map((pod) => pod.host));
    const host =
      hosts.find((candidate) => !this.#usedHosts.has(candidate)) ?? hosts.find((candidate) => !inUse.has(candidate));
    return host ?? '127.0.0.1';
  }
}

/** Those that don't run first, then the newest. */
function chooseLeaving(pods: readonly LabPod[], number: number): LabPod[] {
  const newestFirst = pods.toReversed();
  const down = newestFirst.filter((pod) => pod.state === 'down');
  return [...down, ...newestFirst.filter((pod) => pod.state !== 'down')].slice(0, number);
}

/** A pod of the workload that has the most. */
function largestWorkload(pods: readonly LabPod[]): string | undefined {
  const groups = [...Map.groupBy(pods, (pod) => parsePodName(pod.name).workload).values()];
  return groups.sort((a, b) => b.length - a.length)[0]?.[0]?.name;
}

function toEntry(pod: LabPod): SliceEntry {
  const ready = pod.state === 'ready';
  const terminating = pod.state === 'terminating';
  const { name, host: address, port, nodeName } = pod;
  return { pod: name, address, port, nodeName, ready, serving: pod.pid !== 0, terminating };
}

/** Whatever their order, which the slices of several ports change. */
function areSame(a: readonly SliceEntry[], b: readonly SliceEntry[]): boolean {
  const toKeys = (entries: readonly SliceEntry[]): string =>
    entries
      .map((entry) => JSON.stringify(entry))
      .sort()
      .join();
  return toKeys(a) === toKeys(b);
}

/** All processes at once would take each other's time and look like they don't start. */
async function startInBatches(pods: readonly LabPod[]): Promise<void> {
  const size = Math.max(2, availableParallelism());
  for (let from = 0; from < pods.length; from += size) {
    await Promise.all(pods.slice(from, from + size).map((pod) => pod.start()));
  }
}
