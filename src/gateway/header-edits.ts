import type { HeaderEdit } from '../affinity/header-edit.ts';
import { HeaderNames, NO_HEADER_NAMES } from '../http1/header-names.ts';
import { toByteString } from '../model/byte-string.ts';
import type { HeaderOps } from '../model/route.ts';

/**
 * Header operations in the form the encoder wants: names whose received lines are left out, and ready-made lines to
 * add. Compiled when a snapshot is applied, so that a request only concatenates.
 */
export interface HeaderEdits {
  readonly removed: HeaderNames;
  /** `removed` and the names that `edits` set (lower case, from configuration). */
  removedAlso(edits: readonly HeaderEdit[]): HeaderNames;
  /** `name: value\r\n` lines; empty: none. */
  readonly lines: string;
  /** What the user's operations remove and add, as names (lower case) and pairs, for affinity to see. */
  readonly removedNames: readonly string[];
  readonly added: readonly (readonly [name: string, value: string])[];
}

/**
 * Several levels of operations as one, applied in order: a later `set` or `remove` also undoes what an earlier level
 * added. `own` are names (lower case) that the gateway itself writes, so that received ones always go.
 */
export function compileHeaderEdits(own: readonly string[], levels: readonly HeaderOps[]): HeaderEdits {
  const removed = new Set<string>();
  let added: (readonly [string, string])[] = [];
  const drop = (name: string): void => {
    removed.add(name.toLowerCase());
    added = added.filter(([other]) => other !== name.toLowerCase());
  };
  for (const level of levels) {
    for (const [name, value] of level.set) {
      drop(name);
      added.push([name.toLowerCase(), toByteString(value)]);
    }
    for (const [name, value] of level.add) added.push([name.toLowerCase(), toByteString(value)]);
    for (const name of level.remove) drop(name);
  }
  const names = [...own, ...removed];
  const extended = new Map<string, HeaderNames>();
  const removedNames = names.length === 0 ? NO_HEADER_NAMES : new HeaderNames(names);
  return {
    removed: removedNames,
    removedAlso(edits) {
      let key = '';
      for (const { op, name } of edits) if (op === 'set') key += `${name} `;
      if (key === '') return removedNames;
      const known = extended.get(key);
      if (known !== undefined) return known;
      const made = new HeaderNames([...names, ...key.trim().split(' ')]);
      extended.set(key, made);
      return made;
    },
    lines: added.map(([name, value]) => `${name}: ${value}\r\n`).join(''),
    removedNames: [...removed],
    added,
  };
}
