import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { PodName } from './pods.ts';

/** An order to drain a pod, as it was given. Times are Unix seconds. */
export interface DrainOrder {
  readonly pod: PodName;
  readonly startedSeconds: number;
  /** null: what the session policies say. */
  readonly deadlineSeconds: number | null;
}

/** Since when the configuration calls a pod draining. Unix seconds. */
export interface DrainStart {
  readonly pod: PodName;
  readonly startedSeconds: number;
}

/** What the next process has to know of drains. */
export interface SavedDrains {
  readonly orders: readonly DrainOrder[];
  readonly starts: readonly DrainStart[];
}

/** Keeps drains for the next process. */
export interface DrainStore {
  /** Throws an Error with a message for the user if they can't be read. */
  load(): SavedDrains;
  /** Resolves nothing: the drains are safe when this returns. Throws if they can't be written. */
  save(drains: SavedDrains): void;
}

const NONE: SavedDrains = { orders: [], starts: [] };

export const NO_STORE: DrainStore = { load: () => NONE, save() {} };

/** Drains in a file, which is replaced as a whole, so that a process that ends meanwhile leaves the one or the other. */
export class DrainFile implements DrainStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  load(): SavedDrains {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NONE;
      throw new Error(`the orders to drain in ${this.#path} can't be read: ${String(error)}`, { cause: error });
    }
    const drains = decodeDrains(text);
    if (drains === null) throw new Error(`${this.#path} holds no orders to drain`);
    return drains;
  }

  save({ orders, starts }: SavedDrains): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const draft = `${this.#path}.${process.pid}.new`;
    const file = openSync(draft, 'w', 0o600);
    try {
      writeSync(file, `${JSON.stringify({ orders, starts }, null, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, this.#path);
  }
}

/** null: this is not what `save` writes. */
function decodeDrains(text: string): SavedDrains | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  const orders = decodeAll(value['orders'], decodeOrder);
  // Earlier versions wrote orders alone.
  const starts = decodeAll(value['starts'] ?? [], decodeStart);
  return orders === null || starts === null ? null : { orders, starts };
}

function decodeAll<T>(values: unknown, decode: (value: unknown) => T | null): readonly T[] | null {
  if (!Array.isArray(values)) return null;
  const decoded = values.map(decode).filter((each) => each !== null);
  return decoded.length === values.length ? decoded : null;
}

function decodeOrder(value: unknown): DrainOrder | null {
  const start = decodeStart(value);
  if (start === null || !isRecord(value)) return null;
  const { deadlineSeconds } = value;
  return deadlineSeconds === null || typeof deadlineSeconds === 'number' ? { ...start, deadlineSeconds } : null;
}

function decodeStart(value: unknown): DrainStart | null {
  if (!isRecord(value) || !isRecord(value['pod'])) return null;
  const { startedSeconds } = value;
  const { uid, namespace, name, address } = value['pod'];
  if (typeof startedSeconds !== 'number') return null;
  if (typeof uid !== 'string' || typeof namespace !== 'string') return null;
  if (typeof name !== 'string' || typeof address !== 'string') return null;
  return { pod: { uid, namespace, name, address }, startedSeconds };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
