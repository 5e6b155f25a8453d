import type { HeaderLookup } from '../affinity/cookie.ts';
import type { HeaderEdit } from '../affinity/header-edit.ts';
import type { Head } from '../http1/head.ts';
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
  /** The same without the names that `edits` set. */
  linesBeside(edits: readonly HeaderEdit[]): string;
  /** The head as the user's operations leave it; the gateway's own headers are seen as they came. */
  over(head: Head): HeaderLookup;
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
  const hidden = new Set([...removed].filter((name) => !own.includes(name)));
  const lines = encodeLines(added);
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
    lines,
    linesBeside(edits) {
      const isSet = (name: string): boolean => edits.some((edit) => edit.op === 'set' && edit.name === name);
      return added.some(([name]) => isSet(name)) ? encodeLines(added.filter(([name]) => !isSet(name))) : lines;
    },
    over: (head) => (hidden.size + added.length === 0 ? head : new EditedHead(head, hidden, added)),
    removedNames: [...removed],
    added,
  };
}

function encodeLines(added: HeaderEdits['added']): string {
  return added.map(([name, value]) => `${name}: ${value}\r\n`).join('');
}

/** A head with some lines hidden and others behind its own. */
class EditedHead implements HeaderLookup {
  readonly #head: Head;
  readonly #hidden: ReadonlySet<string>;
  readonly #added: HeaderEdits['added'];

  constructor(head: Head, hidden: ReadonlySet<string>, added: HeaderEdits['added']) {
    this.#head = head;
    this.#hidden = hidden;
    this.#added = added;
  }

  findHeader(name: string, from: number): number {
    const { count } = this.#head;
    const index = from < count && !this.#hidden.has(name) ? this.#head.findHeader(name, from) : -1;
    if (index >= 0) return index;
    const behind = this.#added.findIndex(([other], i) => other === name && count + i >= from);
    return behind < 0 ? -1 : count + behind;
  }

  headerValue(index: number): string {
    const { count } = this.#head;
    return index < count ? this.#head.headerValue(index) : (this.#added[index - count]?.[1] ?? '');
  }
}
