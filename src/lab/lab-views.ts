import type { PodState } from './lab-pod.ts';

/** A pod as the lab's commands show it. */
export interface PodView {
  readonly tutorial: string;
  readonly service: string;
  readonly name: string;
  readonly version: string;
  readonly address: string;
  /** 0: no process runs. */
  readonly pid: number;
  readonly state: PodState;
  readonly restarts: number;
}

/** What a service was scaled to. */
export interface ScaleView {
  readonly tutorial: string;
  readonly name: string;
  readonly before: number;
  readonly after: number;
  readonly pods: readonly PodView[];
}

/** What the lab offers to its commands. Rejections are LabProblems, for the user. */
export interface LabControls {
  pods(): readonly PodView[];
  /** `tutorial`: null means every tutorial that has a service or workload of that name. */
  scale(name: string, replicas: number, tutorial: string | null): Promise<readonly ScaleView[]>;
  /** Resolves when the pod's process is gone. */
  kill(pod: string, restart: boolean): Promise<PodView>;
  /** The lines there are, and a way to hear of later ones. */
  log(pod: string): { readonly lines: readonly string[]; follow(onLine: (line: string) => void): () => void };
}
