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

/** Keeps orders for the next process. */
export interface DrainStore {
  /** Throws an Error with a message for the user if the orders can't be read. */
  load(): readonly DrainOrder[];
  /** Resolves nothing: the orders are safe when this returns. Throws if they can't be written. */
  save(orders: readonly DrainOrder[]): void;
}

export const NO_STORE: DrainStore = { load: () => [], save() {} };

/** Orders in a file, which is replaced as a whole, so that a process that ends meanwhile leaves the one or the other. */
export class DrainFile implements DrainStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  load(): readonly DrainOrder[] {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw new Error(`the orders to drain in ${this.#path} can't be read: ${String(error)}`, { cause: error });
    }
    const orders = decodeOrders(text);
    if (orders === null) throw new Error(`${this.#path} holds no orders to drain`);
    return orders;
  }

  save(orders: readonly DrainOrder[]): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const draft = `${this.#path}.${process.pid}.new`;
    const file = openSync(draft, 'w', 0o600);
    try {
      writeSync(file, `${JSON.stringify({ orders }, null, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, this.#path);
  }
}

/** null: this is not what `save` writes. */
function decodeOrders(text: string): readonly DrainOrder[] | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const orders = isRecord(value) ? value['orders'] : null;
  if (!Array.isArray(orders)) return null;
  const decoded = orders.map(decodeOrder);
  return decoded.includes(null) ? null : (decoded as DrainOrder[]);
}

function decodeOrder(value: unknown): DrainOrder | null {
  if (!isRecord(value) || !isRecord(value['pod'])) return null;
  const { startedSeconds, deadlineSeconds } = value;
  const { uid, namespace, name, address } = value['pod'];
  if (typeof startedSeconds !== 'number' || !(deadlineSeconds === null || typeof deadlineSeconds === 'number'))
    return null;
  if (typeof uid !== 'string' || typeof namespace !== 'string') return null;
  if (typeof name !== 'string' || typeof address !== 'string') return null;
  return { pod: { uid, namespace, name, address }, startedSeconds, deadlineSeconds };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
