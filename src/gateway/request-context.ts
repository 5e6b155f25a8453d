import type { Head } from '../http1/head.ts';
import type { RequestView } from '../model/request-view.ts';

type Pairs = readonly (readonly [name: string, value: string])[];

/**
 * The request as routing and affinity see it: the received head under the edits of the route. One object serves all
 * requests of a connection; `begin` starts a request, `edit` lays header operations over the head.
 */
export class RequestContext implements RequestView {
  readonly remoteAddress: string;
  readonly localAddress: string;
  method = '';
  scheme = 'http';
  authority = '';
  path = '';
  originalPath = '';
  clientIp = '';
  clientPort = 0;
  #head: Head | null = null;
  #removed: ReadonlySet<string> | null = null;
  #added: Pairs | null = null;

  constructor(remoteAddress: string, localAddress: string) {
    this.remoteAddress = remoteAddress;
    this.localAddress = localAddress;
  }

  begin(head: Head, authority: string, path: string): void {
    this.#head = head;
    this.#removed = null;
    this.#added = null;
    this.method = head.method;
    this.authority = authority;
    this.path = path;
    this.originalPath = path;
  }

  /** Received headers named in `removed` are seen no more, `added` ones are seen behind the rest. Names in lower case. */
  edit(removed: readonly string[], added: Pairs): void {
    if (removed.length > 0) this.#removed = new Set([...(this.#removed ?? []), ...removed]);
    if (added.length > 0) this.#added = [...(this.#added ?? []), ...added];
  }

  findHeader(name: string, from: number): number {
    const head = this.#head as Head;
    if (from < head.count && !this.#removed?.has(name)) {
      const index = head.findHeader(name, from);
      if (index >= 0) return index;
    }
    if (this.#added === null) return -1;
    for (let i = Math.max(0, from - head.count); i < this.#added.length; i++) {
      if (this.#added[i]?.[0] === name) return head.count + i;
    }
    return -1;
  }

  headerValue(index: number): string {
    const head = this.#head as Head;
    return index < head.count ? head.headerValue(index) : (this.#added?.[index - head.count]?.[1] ?? '');
  }

  filterState(): string | undefined {
    return undefined;
  }
}
