import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, JsonObject } from './json.ts';

/** One recording of istiod: what it makes of a configuration for one ingress gateway. */
export interface RecordedCase {
  readonly name: string;
  /** The configuration, as YAML. */
  readonly input: string;
  readonly case: CaseSettings;
  readonly expected: Expected;
}

export interface CaseSettings {
  readonly description?: string;
  readonly tags?: readonly string[];
  /** Environment of the control plane. */
  readonly env?: Readonly<Record<string, string>>;
  /** MeshConfig over its defaults, as YAML. */
  readonly mesh?: string;
  readonly proxy?: Readonly<Record<string, Json>>;
}

export interface Expected {
  readonly clusters: JsonObject;
  readonly endpoints: JsonObject;
  readonly listeners: Json[];
  readonly routes: JsonObject;
  readonly istioVersion?: string;
  readonly warnings?: readonly string[];
  readonly probes?: readonly Probe[];
}

export interface Probe {
  readonly request: JsonObject;
  readonly result: JsonObject;
}

/** True for a folder that holds one case. */
export function isCaseFolder(folder: string): boolean {
  return existsSync(join(folder, 'input.yaml')) && existsSync(join(folder, 'expected.json'));
}

export function readCase(folder: string, name: string): RecordedCase {
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  const settings = existsSync(join(folder, 'case.json')) ? (JSON.parse(read('case.json')) as CaseSettings) : {};
  return { name, input: read('input.yaml'), case: settings, expected: JSON.parse(read('expected.json')) as Expected };
}

/** The project's own copy: one case a line. */
export function readCaseLines(file: string): RecordedCase[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as RecordedCase);
}
