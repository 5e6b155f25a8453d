import { toByteString, toLowerAscii } from '../model/byte-string.ts';
import type { RequestView } from '../model/request-view.ts';
import type { PathMatch, Route } from '../model/route.ts';
import { type Condition, compileHeaderMatch, compilePathRegex, compileQueryMatch } from './conditions.ts';
import { IndexMerge } from './index-merge.ts';
import { type Candidates, type PathRelation, PathTrie } from './path-trie.ts';
import { shapeOfRegex } from './regex-shape.ts';
import { pathEnd } from './request-path.ts';

interface CompiledRoute<R> {
  readonly value: R;
  readonly conditions: readonly Condition[];
}

/**
 * The routes of one virtual host; the first in their order that matches wins. The path index names the candidates, of
 * which only those before the first certain one have their other conditions checked, in order.
 */
export class RouteTable<R> {
  readonly #routes: readonly CompiledRoute<R>[];
  readonly #trie = new PathTrie();
  /** Values compared without regard to letter case, in lower case; null while no route has one. */
  #foldedTrie: PathTrie | null = null;
  // Scratch of one synchronous match() call.
  readonly #found: Candidates[] = [];
  readonly #merge = new IndexMerge();

  constructor(routes: readonly Route[], compileRoute: (route: Route) => R) {
    this.#routes = routes.map((route, index) => {
      const conditions = this.#addPath(route.match.path, index, [
        ...route.match.headers.map(compileHeaderMatch),
        ...route.match.query.map(compileQueryMatch),
      ]);
      return { value: compileRoute(route), conditions };
    });
  }

  match(request: RequestView): R | undefined {
    const { path } = request;
    const end = pathEnd(path);
    let count = this.#trie.collect(path, end, this.#found, 0);
    if (this.#foldedTrie !== null) count = this.#foldedTrie.collect(toLowerAscii(path), end, this.#found, count);
    return this.#routes[this.#firstOf(count, request)]?.value;
  }

  /** Index of the first matching route among the candidates found; Infinity: none. */
  #firstOf(count: number, request: RequestView): number {
    let sure = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) sure = Math.min(sure, this.#found[i]?.sure ?? sure);
    this.#merge.clear();
    for (let i = 0; i < count; i++) {
      const conditional = this.#found[i]?.conditional;
      if (conditional !== undefined && (conditional[0] ?? sure) < sure) this.#merge.add(conditional);
    }
    for (let index = this.#merge.next(); index < sure; index = this.#merge.next()) {
      if (this.#fulfils(index, request)) return index;
    }
    return sure;
  }

  #fulfils(index: number, request: RequestView): boolean {
    const conditions = this.#routes[index]?.conditions ?? [];
    for (const condition of conditions) if (!condition(request)) return false;
    return true;
  }

  /** Enters a route's path into the index and returns its conditions with what the index can't decide. */
  #addPath(path: PathMatch, index: number, conditions: Condition[]): Condition[] {
    if (path.kind === 'regex') {
      const { literal, rest } = shapeOfRegex(path.pattern);
      if (rest === 'something' || rest === 'pattern') conditions.unshift(compilePathRegex(path.pattern));
      this.#trie.add(rest === 'nothing' ? 'exact' : 'prefix', literal, index, conditions.length === 0);
      return conditions;
    }
    const value = indexedValue(path.kind, toByteString(path.value));
    const isSure = conditions.length === 0;
    if (!path.ignoreCase) this.#trie.add(path.kind, value, index, isSure);
    else {
      this.#foldedTrie ??= new PathTrie();
      this.#foldedTrie.add(path.kind, toLowerAscii(value), index, isSure);
    }
    return conditions;
  }
}

/** Gateway API: the trailing slash of a PathPrefix is ignored, so `/` covers every path. */
function indexedValue(relation: PathRelation, value: string): string {
  return relation === 'segmentPrefix' && value.endsWith('/') ? value.slice(0, -1) : value;
}
