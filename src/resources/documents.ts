import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type { Diagnostic, Location } from '../diagnostics/diagnostic.ts';
import type { FieldPath } from './resource.ts';
import { TextPositions } from './text-positions.ts';

/** A YAML or JSON document that parsed without fault. */
export interface ParsedDocument {
  readonly value: unknown;
  position(path: FieldPath, part?: 'key' | 'value'): Location;
}

/** Nodes a document may have once its aliases are written out; a bomb of nested aliases passes any honest file by far. */
const MAX_EXPANDED_NODES = 2_000_000;
/** Uses of anchors, counted through nesting, after which `yaml` gives a document up. */
const MAX_ALIASES = 10_000;
/** `yaml` looks for the anchor of each alias among all anchors and aliases: this many looks take about a second. */
const MAX_ALIAS_LOOKS = 100_000_000;

/**
 * The documents of one text. A broken one is reported and left out; the others stay, because a line `---` ends a
 * document whatever stands before it (YAML 1.2 §9.1.2).
 */
export function parseDocuments(
  source: string,
  text: string,
): { documents: readonly ParsedDocument[]; diagnostics: readonly Diagnostic[] } {
  const positions = new TextPositions(source, text);
  const documents: ParsedDocument[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const [start, end] of splitDocuments(text)) {
    const parsed = parseOne(text.slice(start, end), start, positions);
    if (Array.isArray(parsed)) diagnostics.push(...parsed);
    else if (parsed !== null) documents.push(parsed);
  }
  return { documents, diagnostics };
}

/** Offsets of each document; directive lines stay with the document that follows them. */
function splitDocuments(text: string): [start: number, end: number][] {
  const ranges: [number, number][] = [];
  let start = 0;
  for (const marker of text.matchAll(/^(?:---|\.\.\.)(?=\s|$)/gm)) {
    const isStart = marker[0] === '---';
    const holdsOnlyDirectives = /^(?:[ \t]*(?:#.*)?\r?\n|%.*\r?\n|\uFEFF)*$/.test(text.slice(start, marker.index));
    if (isStart && holdsOnlyDirectives) continue;
    ranges.push([start, marker.index]);
    start = isStart ? marker.index : marker.index + marker[0].length;
  }
  ranges.push([start, text.length]);
  return ranges;
}

/** Duplicate keys are found here: `yaml` compares each key with every other, which takes minutes for a file of 2 MiB. */
const PARSE_OPTIONS = { prettyErrors: false, merge: true, logLevel: 'silent', uniqueKeys: false } as const;

/** null: the document is empty. */
function parseOne(text: string, offset: number, positions: TextPositions): ParsedDocument | Diagnostic[] | null {
  try {
    const document = parseDocument(text, PARSE_OPTIONS);
    if (document.errors.length > 0) {
      // Later errors of one document are mostly echoes of the first.
      return document.errors.slice(0, 1).map((error) => {
        return syntaxError(error.code, positions.between(offset + error.pos[0], offset + error.pos[1]));
      });
    }
    if (document.contents === null) return null;
    const fault = findFault(document);
    if (fault !== null) {
      return [syntaxError(fault.code, positions.between(offset + fault.start, offset + fault.end))];
    }
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    if (value === null) return null;
    if (countNodes(value) > MAX_EXPANDED_NODES) return [syntaxError('MANY_ALIASES', positions.at(offset))];
    return { value, position: (path, part) => locate(document, path, part ?? 'value', offset, positions) };
  } catch (error) {
    // What `yaml` throws: its stack is used up, too many aliases, a merge of no mapping.
    const code = error instanceof RangeError ? 'RESOURCE_EXHAUSTION' : 'MANY_ALIASES';
    return [syntaxError(code, positions.at(offset))];
  }
}

interface Fault {
  readonly code: 'BAD_ALIAS' | 'CIRCULAR_ALIAS' | 'DUPLICATE_KEY' | 'MANY_ALIASES';
  readonly start: number;
  readonly end: number;
}

/** What `yaml` finds too late, at too high a cost, or not at all: the first duplicate key, or alias that can't be followed. */
function findFault(document: Document.Parsed): Fault | null {
  const anchors = new Set<string>();
  let aliases = 0;
  let fault: Fault | null = null;
  const report = (code: Fault['code'], node: Node): symbol => {
    fault = { code, start: node.range?.[0] ?? 0, end: node.range?.[1] ?? 0 };
    return visit.BREAK;
  };
  visit(document, {
    Value: (_key, node) => {
      if (node.anchor !== undefined) anchors.add(node.anchor);
      const duplicate = isMap(node) ? findDuplicateKey(node) : null;
      return duplicate === null ? undefined : report('DUPLICATE_KEY', duplicate);
    },
    Alias: (_key, alias, parents) => {
      aliases++;
      if (aliases * (aliases + anchors.size) > MAX_ALIAS_LOOKS) return report('MANY_ALIASES', alias);
      if (!anchors.has(alias.source)) return report('BAD_ALIAS', alias);
      const isCircular = parents.some((parent) => 'anchor' in parent && parent.anchor === alias.source);
      return isCircular ? report('CIRCULAR_ALIAS', alias) : undefined;
    },
  });
  return fault;
}

/** Two keys that are one as JSON, such as `1` and `"1"`, count as the same. */
function findDuplicateKey(map: YAMLMap): Node | null {
  const names = new Set<string>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    const name = String(key.value);
    if (names.has(name)) return key;
    names.add(name);
  }
  return null;
}

/** Nodes after writing out every alias; an object met twice is measured once. */
function countNodes(root: unknown): number {
  const sizes = new Map<object, number>();
  const measure = (value: unknown): number => {
    if (typeof value !== 'object' || value === null) return 1;
    const known = sizes.get(value);
    if (known !== undefined) return known;
    let size = 1;
    for (const member of Object.values(value)) size += measure(member);
    sizes.set(value, size);
    return size;
  };
  return measure(root);
}

function locate(
  document: Document.Parsed,
  path: FieldPath,
  part: 'key' | 'value',
  offset: number,
  positions: TextPositions,
): Location {
  let node: Node | null = document.contents;
  let key: Node | null = null;
  for (const step of path) {
    const found: { key: Node | null; value: Node | null } | null = child(document, node, step);
    if (found === null) break;
    key = found.key;
    node = found.value ?? found.key;
  }
  const range = (part === 'key' ? (key ?? node) : (node ?? key))?.range;
  if (range === null || range === undefined) return positions.at(offset);
  return positions.between(offset + range[0], offset + range[1]);
}

function child(
  document: Document,
  parent: Node | null,
  step: string | number,
): { key: Node | null; value: Node | null } | null {
  const node = isAlias(parent) ? (resolveAlias(document, parent) ?? null) : parent;
  if (isSeq(node)) {
    const item = typeof step === 'number' ? node.items[step] : undefined;
    return item === undefined ? null : { key: null, value: item as Node };
  }
  if (!isMap(node)) return null;
  let merged: { key: Node | null; value: Node | null } | null = null;
  for (const pair of node.items) {
    if (!isPair(pair)) continue;
    const name = isScalar(pair.key) ? pair.key.value : null;
    // `yaml` gives the key of a merge the value of a symbol, to tell it from the text "<<".
    if (typeof name === 'symbol') merged ??= childOfMerge(document, pair, step);
    else if (name !== null && String(name) === String(step))
      return { key: pair.key as Node, value: pair.value as Node | null };
  }
  return merged;
}

/** A field that came in by `<<` stands where the merged map was written. */
function childOfMerge(
  document: Document,
  pair: Pair,
  step: string | number,
): { key: Node | null; value: Node | null } | null {
  const merges = isSeq(pair.value) ? (pair.value.items as Node[]) : [pair.value as Node | null];
  for (const merge of merges) {
    const found = child(document, merge, step);
    if (found !== null) return found;
  }
  return null;
}

function resolveAlias(document: Document, alias: Alias): Node | undefined {
  return alias.resolve(document);
}

/** Our own words: the library's messages may quote the text, and the text may hold a Secret. */
function syntaxError(code: string, location: Location): Diagnostic {
  const [message, help] = SYNTAX_ERRORS[code] ?? UNNAMED_SYNTAX_ERROR;
  return { code: 'yaml-syntax', severity: 'error', message, help, location };
}

const UNNAMED_SYNTAX_ERROR: readonly [message: string, help: string] = [
  'this is not valid YAML',
  'Only this document is left out; the rest of the file is read.',
];

const SYNTAX_ERRORS: Readonly<Record<string, readonly [message: string, help: string]>> = {
  BAD_ALIAS: [
    'this alias names an anchor that does not stand before it',
    'Define the anchor (&name) above its first use.',
  ],
  BAD_DQ_ESCAPE: ['this escape is not one that YAML knows', 'Use single quotes where a backslash is meant as such.'],
  BAD_INDENT: ['the indentation does not fit the lines above', 'Align it with its siblings; use spaces.'],
  BAD_SCALAR_START: ['a plain value cannot begin with this character', 'Put the value in quotes.'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a nested mapping cannot stand on one line like this',
    'Put it on lines of its own, or in quotes if it is text with a colon.',
  ],
  CIRCULAR_ALIAS: ['this alias stands inside what its anchor names', 'Write the repeated part out.'],
  DUPLICATE_KEY: [
    'this key is written twice in one mapping',
    'Keep one of the two; if a new resource begins here, a line --- is missing above it.',
  ],
  MANY_ALIASES: [
    'the aliases or merges of this document lead nowhere or to too much',
    'Write the repeated parts out, or use fewer of them.',
  ],
  MISSING_CHAR: [
    'a closing quote, bracket, comma or colon is missing',
    'Close what was opened; text with special characters goes in quotes.',
  ],
  MULTILINE_IMPLICIT_KEY: ['a key must stand on one line', 'Check for a missing colon or quote above.'],
  RESOURCE_EXHAUSTION: ['this document is nested too deeply', 'Flatten it.'],
  TAB_AS_INDENT: ['YAML does not allow tabs for indentation', 'Indent with spaces.'],
  TAG_RESOLVE_FAILED: ['this tag is not one that Kubernetes knows', 'Leave the tag out.'],
  UNEXPECTED_TOKEN: ['this does not belong here', 'Check the quotes, brackets and indentation before it.'],
};
