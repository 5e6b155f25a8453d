import { randomInt } from 'node:crypto';

/** The letters and digits of names that Kubernetes generates: no vowels, so that no words come out. */
const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;

/** How a pod came by its name. */
export interface PodName {
  /** Name of the Deployment or StatefulSet; the pod's own where it seems to have none. */
  readonly workload: string;
  /** What the names of the workload's pods have in common, up to the last dash. */
  readonly prefix: string;
  /** Position in a StatefulSet; null: the suffix is random. */
  readonly ordinal: number | null;
}

/** `web-0` belongs to the StatefulSet web, `web-8d557795f-86hzg` to the Deployment web. */
export function parsePodName(name: string): PodName {
  const [, stateful, ordinal] = /^(.+)-(\d{1,4})$/.exec(name) ?? [];
  if (stateful !== undefined) return { workload: stateful, prefix: stateful, ordinal: Number(ordinal) };
  const [, prefix, deployment] = /^((.+)-[a-z0-9]{6,10})-[a-z0-9]{5}$/.exec(name) ?? [];
  if (prefix !== undefined && deployment !== undefined) return { workload: deployment, prefix, ordinal: null };
  return { workload: name, prefix: name, ordinal: null };
}

/** A name for one more pod of the same workload as `sibling`; none of `taken`. */
export function nextPodName(sibling: string, taken: ReadonlySet<string>): string {
  const { prefix, ordinal } = parsePodName(sibling);
  for (let next = 0; ; next++) {
    const name = `${prefix}-${ordinal === null ? randomSuffix() : next}`;
    if (!taken.has(name)) return name;
  }
}

/** `v2` of `helloworld-v2-79d5467d55-hshj5`; `v1` where the name tells none. */
export function versionOf(podName: string): string {
  return /-(v\d+)(?:-|$)/.exec(podName)?.[1] ?? 'v1';
}

function randomSuffix(): string {
  return Array.from({ length: SUFFIX_LENGTH }, () => SUFFIX_ALPHABET[randomInt(SUFFIX_ALPHABET.length)]).join('');
}
