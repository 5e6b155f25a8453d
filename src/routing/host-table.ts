import { toLowerAscii } from '../model/byte-string.ts';

/**
 * Finds what serves a host in a few Map look-ups, however many hosts there are: exact name, then the longest `*.suffix`,
 * then the longest `prefix.*`, then `*` (Envoy's order). `*.example.com` covers any number of labels, never the apex.
 */
export class HostTable<T> {
  readonly #exact = new Map<string, T>();
  readonly #suffixes = new Map<string, T>();
  readonly #prefixes = new Map<string, T>();
  #any: T | undefined;
  // No look-up for a part longer than any domain, so that a Host of many kilobytes costs no more than a real one.
  #longestSuffix = 0;
  #longestPrefix = 0;
  // Most requests ask for the host that the one before asked for.
  #lastAuthority: string | null = null;
  #lastValue: T | undefined;

  /** The first value given for a domain stays: dialects refuse or merge duplicates. */
  add(domain: string, value: T): void {
    this.#lastAuthority = null;
    if (domain === '*') this.#any ??= value;
    else if (domain.startsWith('*.')) {
      addFirst(this.#suffixes, domain.slice(1), value);
      this.#longestSuffix = Math.max(this.#longestSuffix, domain.length - 1);
    } else if (domain.endsWith('.*')) {
      addFirst(this.#prefixes, domain.slice(0, -1), value);
      this.#longestPrefix = Math.max(this.#longestPrefix, domain.length - 1);
    } else addFirst(this.#exact, domain, value);
  }

  /** What serves a Host header's value; letter case and port play no part. */
  find(authority: string): T | undefined {
    if (authority !== this.#lastAuthority) {
      const host = hostOf(authority);
      this.#lastValue = this.#exact.get(host) ?? this.#bySuffix(host) ?? this.#byPrefix(host) ?? this.#any;
      this.#lastAuthority = authority;
    }
    return this.#lastValue;
  }

  #bySuffix(host: string): T | undefined {
    // Never from 0: the wildcard stands for at least one character.
    const from = Math.max(1, host.length - this.#longestSuffix);
    for (let dot = host.indexOf('.', from); dot > 0; dot = host.indexOf('.', dot + 1)) {
      const value = this.#suffixes.get(host.slice(dot));
      if (value !== undefined) return value;
    }
    return undefined;
  }

  #byPrefix(host: string): T | undefined {
    const from = Math.min(host.length - 2, this.#longestPrefix - 1);
    for (let dot = from > 0 ? host.lastIndexOf('.', from) : -1; dot > 0; dot = host.lastIndexOf('.', dot - 1)) {
      const value = this.#prefixes.get(host.slice(0, dot + 1));
      if (value !== undefined) return value;
    }
    return undefined;
  }
}

/** The host of `host[:port]` in lower case; an IPv6 address keeps its brackets. */
export function hostOf(authority: string): string {
  const colon = authority.lastIndexOf(':');
  const isPort = colon >= 0 && authority.indexOf(']', colon) < 0;
  return toLowerAscii(isPort ? authority.slice(0, colon) : authority);
}

function addFirst<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key)) map.set(key, value);
}
