import type { HeaderOps } from '../model/route.ts';

/**
 * Header operations in the form the encoder wants: names whose received lines are left out, and ready-made lines to
 * add. Compiled when a snapshot is applied, so that a request only concatenates.
 */
export interface HeaderEdits {
  /** Lower case. */
  readonly removed: readonly string[];
  /** `name: value\r\n` lines; empty: none. */
  readonly lines: string;
  /** The same lines as pairs (lower-case names), for whoever has to see the edited headers before they are encoded. */
  readonly added: readonly (readonly [name: string, value: string])[];
}

export const NO_EDITS: HeaderEdits = { removed: [], lines: '', added: [] };

/** Several levels of operations as one, applied in order: a later `set` or `remove` also undoes what an earlier level added. */
export function compileHeaderEdits(...levels: readonly HeaderOps[]): HeaderEdits {
  const removed = new Set<string>();
  let added: (readonly [string, string])[] = [];
  const drop = (name: string): void => {
    removed.add(name.toLowerCase());
    added = added.filter(([other]) => other !== name.toLowerCase());
  };
  for (const level of levels) {
    for (const [name, value] of level.set) {
      drop(name);
      added.push([name.toLowerCase(), value]);
    }
    for (const [name, value] of level.add) added.push([name.toLowerCase(), value]);
    for (const name of level.remove) drop(name);
  }
  if (removed.size === 0 && added.length === 0) return NO_EDITS;
  return { removed: [...removed], lines: added.map(([name, value]) => `${name}: ${value}\r\n`).join(''), added };
}
