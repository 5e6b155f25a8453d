import type { HashPolicy } from '../model/affinity.ts';
import { toByteString } from '../model/byte-string.ts';
import { compileRegexReplace } from '../model/regex.ts';
import type { RequestView } from '../model/request-view.ts';
import { SINGLE_VALUE_HEADERS } from '../model/single-value-headers.ts';
import { toClientNetwork } from './client-network.ts';
import { compareByteStrings } from './compare-bytes.ts';
import { readCookie, SetCookie } from './cookie.ts';
import { Hash64 } from './hash64.ts';
import { readPseudoHeader } from './pseudo-header.ts';
import { readQueryParameter } from './query-parameter.ts';
import { xxHash64 } from './xx-hash.ts';

/** Told what an evaluation used, and what it made up. */
export interface KeyTrace {
  /** Such as `cookie:sid`; several joined by `+`. */
  keySource: string;
  /** Cookies generated for the request, all with the value `generatedValue`; null: none. */
  generatedCookies: SetCookie[] | null;
  generatedValue: string;
}

/** Where a policy puts the hash of its value; false if the request has none. */
interface KeyReader {
  read(request: RequestView, trace: KeyTrace | null, out: Hash64): boolean;
}

interface CompiledPolicy {
  readonly reader: KeyReader;
  readonly label: string;
  readonly terminal: boolean;
}

/** Hash of the policy in hand. */
const part = new Hash64();

/** A list of hash policies, ready to run. */
export class HashPolicies {
  readonly #policies: readonly CompiledPolicy[];

  constructor(policies: readonly CompiledPolicy[]) {
    this.#policies = policies;
  }

  get isEmpty(): boolean {
    return this.#policies.length === 0;
  }

  /**
   * Writes the request's hash to `out`; false if no policy gave one (envoy-affinity §7.1). `trace` null: cookies are
   * not generated (§7.12).
   */
  evaluate(request: RequestView, trace: KeyTrace | null, out: Hash64): boolean {
    let present = false;
    for (const policy of this.#policies) {
      if (policy.reader.read(request, trace, part)) {
        if (present) out.rotateLeft(1).xor(part);
        else out.copy(part);
        present = true;
        if (trace !== null)
          trace.keySource = trace.keySource === '' ? policy.label : `${trace.keySource}+${policy.label}`;
      }
      // Also when this very policy gave nothing and an earlier one did.
      if (policy.terminal && present) return true;
    }
    return present;
  }
}

/**
 * Compiles policies. `level` says whose they are: a cookie made up for a route is the hash of the connection's two
 * ends, one for a cluster is that of the trusted client and the listener (envoy-affinity §10.4).
 */
export function compileHashPolicies(policies: readonly HashPolicy[], level: 'route' | 'cluster'): HashPolicies {
  return new HashPolicies(
    policies.map((policy) => {
      const { reader, label } = compileKey(policy, level);
      return { reader, label, terminal: policy.terminal };
    }),
  );
}

function compileKey(policy: HashPolicy, level: 'route' | 'cluster'): { reader: KeyReader; label: string } {
  switch (policy.kind) {
    case 'header':
      return { reader: new HeaderKey(policy), label: `header:${policy.name}` };
    case 'cookie':
      return { reader: new CookieKey(policy, level), label: `cookie:${policy.cookie.name}` };
    case 'query':
      return { reader: new QueryKey(policy.name), label: `query:${policy.name}` };
    case 'sourceIp':
      return { reader: SOURCE_IP, label: 'sourceIp' };
    case 'sourceNetwork':
      return { reader: new SourceNetworkKey(policy), label: 'sourceIp' };
    case 'filterState':
      return { reader: new FilterStateKey(policy.key), label: `filterState:${policy.key}` };
  }
}

/** A header, all its lines together, or a pseudo-header (envoy-affinity §7.5). */
class HeaderKey implements KeyReader {
  readonly #name: string;
  readonly #rewrite: ((value: string) => string) | null;
  readonly #joined: boolean;

  constructor(policy: Extract<HashPolicy, { kind: 'header' }>) {
    this.#name = policy.name;
    this.#rewrite =
      policy.rewrite === null ? null : compileRegexReplace(policy.rewrite.pattern, policy.rewrite.substitution);
    this.#joined = SINGLE_VALUE_HEADERS.has(policy.name);
  }

  read(request: RequestView, _trace: KeyTrace | null, out: Hash64): boolean {
    const pseudo = readPseudoHeader(request, this.#name);
    if (pseudo !== undefined) {
      xxHash64(this.#rewritten(pseudo), out);
      return true;
    }
    const first = request.findHeader(this.#name, 0);
    if (first < 0) return false;
    const second = request.findHeader(this.#name, first + 1);
    if (second < 0) xxHash64(this.#rewritten(request.headerValue(first)), out);
    else this.#readRepeated(request, first, out);
    return true;
  }

  #readRepeated(request: RequestView, first: number, out: Hash64): void {
    const values: string[] = [];
    for (let i = first; i >= 0; i = request.findHeader(this.#name, i + 1)) values.push(request.headerValue(i));
    if (this.#joined) {
      xxHash64(this.#rewritten(values.join(',')), out);
      return;
    }
    // Sorted, so that the order of arrival does not matter; each value is hashed with the hash so far as its seed.
    const sorted = values.map((value) => this.#rewritten(value)).sort(compareByteStrings);
    out.set(0, 0);
    for (const value of sorted) xxHash64(value, out, out);
  }

  #rewritten(value: string): string {
    return this.#rewrite === null ? value : this.#rewrite(value);
  }
}

/** A cookie; one with a lifetime is made up where the client sent none (envoy-affinity §10). */
class CookieKey implements KeyReader {
  readonly #cookie: SetCookie;
  readonly #generates: boolean;
  readonly #level: 'route' | 'cluster';

  constructor(policy: Extract<HashPolicy, { kind: 'cookie' }>, level: 'route' | 'cluster') {
    this.#cookie = new SetCookie(policy.cookie);
    this.#generates = policy.cookie.ttlMillis !== null;
    this.#level = level;
  }

  read(request: RequestView, trace: KeyTrace | null, out: Hash64): boolean {
    const value = readCookie(request, this.#cookie.name);
    if (value !== null && value !== '') {
      xxHash64(value, out);
      return true;
    }
    if (!this.#generates || trace === null) return false;
    const remote = this.#level === 'route' ? request.remoteAddress : toClientAddress(request);
    const generated = xxHash64(remote + request.localAddress, out).toHex();
    trace.generatedValue = generated;
    if (trace.generatedCookies === null) trace.generatedCookies = [this.#cookie];
    else trace.generatedCookies.push(this.#cookie);
    xxHash64(generated, out);
    return true;
  }
}

/** The first query parameter of a name (envoy-affinity §7.7). */
class QueryKey implements KeyReader {
  readonly #name: string;

  constructor(name: string) {
    this.#name = toByteString(name);
  }

  read(request: RequestView, _trace: KeyTrace | null, out: Hash64): boolean {
    const value = readQueryParameter(request.path, this.#name);
    if (value === null) return false;
    xxHash64(value, out);
    return true;
  }
}

/** The trusted client address, without port (envoy-affinity §7.8). */
const SOURCE_IP: KeyReader = {
  read(request, _trace, out) {
    xxHash64(request.clientIp, out);
    return true;
  },
};

/** The trusted client's network. */
class SourceNetworkKey implements KeyReader {
  readonly #ipv4PrefixLength: number;
  readonly #ipv6PrefixLength: number;

  constructor({ ipv4PrefixLength, ipv6PrefixLength }: Extract<HashPolicy, { kind: 'sourceNetwork' }>) {
    this.#ipv4PrefixLength = ipv4PrefixLength;
    this.#ipv6PrefixLength = ipv6PrefixLength;
  }

  read(request: RequestView, _trace: KeyTrace | null, out: Hash64): boolean {
    xxHash64(toClientNetwork(request.clientIp, this.#ipv4PrefixLength, this.#ipv6PrefixLength), out);
    return true;
  }
}

/** A string that a filter left (envoy-affinity §7.9). */
class FilterStateKey implements KeyReader {
  readonly #key: string;

  constructor(key: string) {
    this.#key = key;
  }

  read(request: RequestView, _trace: KeyTrace | null, out: Hash64): boolean {
    const value = request.filterState(this.#key);
    if (value === undefined) return false;
    xxHash64(value, out);
    return true;
  }
}

/** The trusted client as `ip:port`; the port is 0 where the address came from a header. */
function toClientAddress(request: RequestView): string {
  const { clientIp, clientPort } = request;
  return clientIp.includes(':') ? `[${clientIp}]:${clientPort}` : `${clientIp}:${clientPort}`;
}
