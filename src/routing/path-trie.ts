/** Routes whose path condition holds wherever a walk passes their node, by whether anything else is left to check. */
export interface Candidates {
  /** Lowest index of a route that matches for certain; Infinity: none. */
  sure: number;
  /** Indices of routes with further conditions, ascending. */
  readonly conditional: number[];
}

/** How a value in the trie relates to the path: as the whole of it, as a beginning, as a beginning of whole segments. */
export type PathRelation = 'exact' | 'prefix' | 'segmentPrefix';

/** One edge's text and what lies behind it; a radix trie, so a chain without branches is one node. */
interface TrieNode {
  readonly label: string;
  /** By the first character of the child's label. */
  readonly children: Map<number, TrieNode>;
  readonly candidates: Record<PathRelation, Candidates | null>;
}

const SLASH = 0x2f;

/**
 * Path values of many routes, searched in one walk along the path: the cost depends on the path's length and on how many
 * values are beginnings of it, not on how many there are. The walk allocates nothing.
 */
export class PathTrie {
  readonly #root = createNode('');

  /** Routes have to be added in ascending order of their index. */
  add(relation: PathRelation, value: string, index: number, isSure: boolean): void {
    const node = this.#nodeFor(value);
    node.candidates[relation] ??= { sure: Number.POSITIVE_INFINITY, conditional: [] };
    const candidates = node.candidates[relation];
    if (isSure) candidates.sure = Math.min(candidates.sure, index);
    // Behind a route of the same value that matches for certain, this one is never reached.
    else if (index < candidates.sure) candidates.conditional.push(index);
  }

  /** Writes what applies to the first `end` characters of `path` into `found` from `count` on; returns the new count. */
  collect(path: string, end: number, found: Candidates[], count: number): number {
    let node = this.#root;
    let position = 0;
    let total = count;
    for (;;) {
      const { prefix, segmentPrefix, exact } = node.candidates;
      if (prefix !== null) found[total++] = prefix;
      if (position === end) {
        if (segmentPrefix !== null) found[total++] = segmentPrefix;
        if (exact !== null) found[total++] = exact;
        return total;
      }
      const next = path.charCodeAt(position);
      if (segmentPrefix !== null && next === SLASH) found[total++] = segmentPrefix;
      const child = node.children.get(next);
      if (child === undefined) return total;
      position += child.label.length;
      if (position > end || !path.startsWith(child.label, position - child.label.length)) return total;
      node = child;
    }
  }

  #nodeFor(value: string): TrieNode {
    let node = this.#root;
    let rest = value;
    while (rest !== '') {
      const child = node.children.get(rest.charCodeAt(0));
      if (child === undefined) {
        const leaf = createNode(rest);
        node.children.set(rest.charCodeAt(0), leaf);
        return leaf;
      }
      const shared = sharedLength(child.label, rest);
      node = shared === child.label.length ? child : splitChild(node, child, shared);
      rest = rest.slice(shared);
    }
    return node;
  }
}

function createNode(label: string): TrieNode {
  return { label, children: new Map(), candidates: { exact: null, prefix: null, segmentPrefix: null } };
}

/** Puts a node for the first `length` characters of the child's label between the two. */
function splitChild(parent: TrieNode, child: TrieNode, length: number): TrieNode {
  const middle = createNode(child.label.slice(0, length));
  const lower: TrieNode = { ...child, label: child.label.slice(length) };
  middle.children.set(lower.label.charCodeAt(0), lower);
  parent.children.set(middle.label.charCodeAt(0), middle);
  return middle;
}

function sharedLength(a: string, b: string): number {
  const limit = Math.min(a.length, b.length);
  let length = 0;
  while (length < limit && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}
