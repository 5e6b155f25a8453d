import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CreateApp } from '../app-types.ts';
import { formatAddress } from '../model/address.ts';
import { nearestName } from '../resources/nearest-name.ts';
import { isLabAlive } from './control-client.ts';
import { createControlServer } from './control-server.ts';
import type { LabPod } from './lab-pod.ts';
import { LabProblem } from './lab-problem.ts';
import type { LabService } from './lab-service.ts';
import type { LabControls, PodView, ScaleView } from './lab-views.ts';
import { RunningTutorial } from './running-tutorial.ts';
import { claimStateFile } from './state-file.ts';
import { TUTORIALS } from './tutorials.ts';

export interface LabOptions {
  /** Belongs to the lab alone: state file, copies of the tutorials, access logs. */
  readonly folder: string;
  readonly createApp: CreateApp;
  /** Told what happens while the lab runs. */
  readonly onEvent: (message: string) => void;
}

/** The tutorials with their pods and gateways, all on this machine. */
export interface Lab extends AsyncDisposable {
  readonly tutorials: readonly RunningTutorial[];
  readonly controls: LabControls;
}

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));
const STOP_GRACE_MILLIS = 2_000;

export function stateFileIn(labFolder: string): string {
  return join(labFolder, 'lab.json');
}

/** Resolves when everything runs. Rejects with a LabProblem when a lab already does; then, and on any failure, nothing is left. */
export async function createLab(options: LabOptions): Promise<Lab> {
  const { folder, createApp, onEvent } = options;
  await using cleanup = new AsyncDisposableStack();
  await makeFolder(folder);
  const tutorials = TUTORIALS.map(
    (tutorial) => new RunningTutorial({ tutorial, examples: EXAMPLES, labFolder: folder, createApp, onEvent }),
  );
  const controls = createControls(tutorials);
  const control = cleanup.use(await createControlServer(controls));
  cleanup.use(await claimStateFile(stateFileIn(folder), control.address, isLabAlive));
  for (const name of ['tutorials', 'access-logs', 'cookies']) {
    await rm(join(folder, name), { recursive: true, force: true });
    await mkdir(join(folder, name));
  }
  cleanup.defer(async () => {
    await Promise.all(tutorials.map((tutorial) => tutorial.stop(STOP_GRACE_MILLIS)));
  });
  await startAll(tutorials);
  const running = cleanup.move();
  return { tutorials, controls, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new LabProblem(`the lab can't keep its files in ${folder}; set LIMPET_STATE_DIR to a folder of yours`, {
      cause: error,
    });
  }
}

async function startAll(tutorials: readonly RunningTutorial[]): Promise<void> {
  try {
    for (const tutorial of tutorials) await tutorial.startPods();
    for (const tutorial of tutorials) await tutorial.startGateway();
  } catch (error) {
    throw new LabProblem(`the lab could not start: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

function createControls(tutorials: readonly RunningTutorial[]): LabControls {
  function* services(): Generator<{ tutorial: RunningTutorial; service: LabService }> {
    for (const tutorial of tutorials) for (const service of tutorial.services) yield { tutorial, service };
  }
  function* pods(): Generator<{ pod: LabPod; view: PodView }> {
    for (const { tutorial, service } of services()) {
      for (const pod of service.pods) yield { pod, view: toView(tutorial, service, pod) };
    }
  }
  function findPod(name: string): LabPod {
    const all = [...pods()].map(({ pod }) => pod);
    const found = all.find((pod) => pod.name === name);
    if (found !== undefined) return found;
    throw new LabProblem(
      notThere(
        'pod',
        name,
        all.map((pod) => pod.name),
      ),
    );
  }
  return {
    pods: () => [...pods()].map(({ view }) => view),
    async scale(name, replicas, tutorialName) {
      const wanted = [...services()].filter(({ tutorial }) => isNamed(tutorial, tutorialName));
      const chosen = wanted.filter(({ service }) => service.scalableNames.includes(name));
      if (chosen.length === 0) {
        if (wanted.length === 0)
          throw new LabProblem(
            notThere(
              'tutorial',
              tutorialName ?? '',
              tutorials.map(({ tutorial }) => tutorial.name),
            ),
          );
        throw new LabProblem(
          notThere(
            'service',
            name,
            wanted.flatMap(({ service }) => service.scalableNames),
          ),
        );
      }
      return Promise.all(chosen.map(({ tutorial, service }) => scaleOne(tutorial, service, name, replicas)));
    },
    async kill(name, restart) {
      const pod = findPod(name);
      await pod.kill(restart);
      return (
        [...pods()].find(({ view }) => view.name === name)?.view ??
        Promise.reject(new LabProblem(`pod ${name} has left`))
      );
    },
    log: (name) => findPod(name).log,
  };
}

async function scaleOne(
  tutorial: RunningTutorial,
  service: LabService,
  name: string,
  replicas: number,
): Promise<ScaleView> {
  const before = service.podsOf(name).length;
  await service.scale(name, replicas);
  const pods = service.podsOf(name).map((pod) => toView(tutorial, service, pod));
  return { tutorial: tutorial.tutorial.name, name, before, after: pods.length, pods };
}

/** `asm` is short for `asm-httpbin`. */
function isNamed({ tutorial }: RunningTutorial, name: string | null): boolean {
  return name === null || tutorial.name === name || tutorial.name.split('-').includes(name);
}

function toView({ tutorial }: RunningTutorial, service: LabService, pod: LabPod): PodView {
  const { name, version, pid, state, restarts } = pod;
  return {
    tutorial: tutorial.name,
    service: service.name,
    name,
    version,
    address: formatAddress(pod.host, pod.port),
    pid,
    state,
    restarts,
  };
}

function notThere(what: string, name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  const there = [...new Set(known)].join(', ');
  return `there is no ${what} ${name}; ${nearest === null ? `there are ${there}` : `is ${nearest} meant?`}`;
}
