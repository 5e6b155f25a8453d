import assert from 'node:assert/strict';
import { createClusterBalancer } from '../../src/affinity/cluster-balancer.ts';
import { compileForward, type ForwardPlan } from '../../src/affinity/forward-plan.ts';
import type { Host, HostState } from '../../src/affinity/host.ts';
import { Selection } from '../../src/affinity/selection.ts';
import type { SessionEvent, SessionLedger } from '../../src/affinity/session-ledger.ts';
import { createSessionMoves } from '../../src/affinity/strong/session-moves.ts';
import type { SessionKey } from '../../src/affinity/token/session-key.ts';
import { SessionTokens } from '../../src/affinity/token/session-tokens.ts';
import type { Endpoint } from '../../src/model/cluster.ts';
import { NO_HEADER_OPS, type WeightedTarget } from '../../src/model/route.ts';
import type { StrongSession } from '../../src/model/strong-session.ts';
import { clusterOf, endpointAt, hostState, repeatableRandom, requestWith } from './affinity.ts';
import { buildForward } from './model-builder.ts';
import { countingRandom, strongSession, testKeys } from './strong-sessions.ts';

const NO_UPSTREAM = requestWith();
export const NOW = 1_800_000_000;
export const MINUTE = 60_000;
export const BY_IP: StrongSession['fallback'] = [
  { kind: 'sourceNetwork', ipv4PrefixLength: 32, ipv6PrefixLength: 64, terminal: false },
];

export function pod(name: string, overrides: Partial<Endpoint> = {}): Endpoint {
  const address = `10.0.0.${name.charCodeAt(0)}:80`;
  return endpointAt(address, { identity: { uid: `uid-${name}`, namespace: 'shop', name }, ...overrides });
}

/** What a request has beside its cookie, and what the application signals. */
export interface RequestFields {
  readonly ip?: string;
  readonly signal?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
}

/** What became of a request. */
export interface BenchAnswer {
  readonly selection: Selection<HostState>;
  readonly host: Host<HostState> | null;
  /** The pod's name. */
  readonly name: string;
  readonly token: string | null;
  readonly setCookie: string | null;
}

/** A gateway in small: selections over clusters, a clock, and a ledger that counts at once. */
export class SessionBench {
  nowSeconds: number = NOW;
  allowsMoves = true;
  /** The policies whose budgets were asked for a move. */
  readonly movers: string[] = [];
  /** Where sessions are to move, as in a gateway of several processes; null: whoever asks decides. */
  chosen: Map<string, HostState> | null = null;
  readonly events: string[] = [];
  readonly hosts: Map<string, HostState> = new Map();
  readonly tokens: SessionTokens = new SessionTokens(countingRandom());
  readonly #session: Partial<StrongSession>;
  readonly #places = new Map<string, HostState>();
  /** When streams were closed; Infinity: they are open. */
  readonly streams: Map<string, number> = new Map();
  readonly #random = repeatableRandom();
  readonly #moves = createSessionMoves();

  constructor(session: Partial<StrongSession> = {}, keys: readonly SessionKey[] = testKeys(1)) {
    this.#session = session;
    this.tokens.keyRings.get('').replace(keys);
  }

  plan(
    clusters: Readonly<Record<string, readonly Endpoint[]>>,
    weights: readonly number[] = [1],
  ): ForwardPlan<HostState> {
    const balancers = Object.entries(clusters).map(([name, members]) =>
      createClusterBalancer(clusterOf(members, { name }), {
        stateFor: ({ address }) => this.state(address),
        random: this.#random,
      }),
    );
    const targets = balancers.map(
      ({ cluster }, index): WeightedTarget => ({
        cluster: cluster.name,
        weight: weights[index] ?? 1,
        subset: null,
        hostRewrite: null,
        requestHeaders: NO_HEADER_OPS,
        responseHeaders: NO_HEADER_OPS,
      }),
    );
    const scopes = targets.map(({ cluster }) => cluster);
    const affinity = strongSession({ scopes, ...this.#session });
    return compileForward(
      buildForward('', { targets, affinity }),
      (name) => balancers.find(({ cluster }) => cluster.name === name),
      this.tokens,
    );
  }

  state(address: string): HostState {
    const known = this.hosts.get(address) ?? hostState();
    this.hosts.set(address, known);
    return known;
  }

  /** One request that is answered by the host it is sent to. */
  request(plan: ForwardPlan<HostState>, cookie = '', fields: RequestFields = {}): BenchAnswer {
    const cookies: (readonly [string, string])[] = cookie === '' ? [] : [['cookie', `sid=${cookie}`]];
    const headers = [...cookies, ...(fields.headers ?? [])];
    const request = requestWith(headers, fields.ip === undefined ? {} : { clientIp: fields.ip });
    const ledger: SessionLedger<HostState> = {
      seen: (event) => this.#note('seen', event),
      ended: (event) => this.#note('ended', event),
      opened() {},
      closed() {},
      secondsSinceStream: ({ hi, lo }) => {
        const end = this.streams.get(`${hi} ${lo}`) ?? Number.NEGATIVE_INFINITY;
        return Math.max(0, this.nowSeconds - end);
      },
      placeOf: (id) => this.#places.get(`${id.hi} ${id.lo}`) ?? null,
      movesBy: this.#movesBy(),
    };
    const selection = new Selection<HostState>(plan, request, {
      random: this.#random,
      nowSeconds: () => this.nowSeconds,
      ledger,
      moves: this.#moves,
    });
    const host = selection.chooseTarget() === null ? null : selection.next();
    const upstream = fields.signal === undefined ? NO_UPSTREAM : requestWith([['limpet-session', fields.signal]]);
    const edits = selection.responseEdits(host, upstream);
    const setCookie = edits.find(({ name }) => name === 'set-cookie')?.value ?? null;
    const token = setCookie === null ? null : setCookie.slice(4, setCookie.indexOf(';'));
    return { selection, host, name: host?.endpoint.identity.name ?? '', token, setCookie };
  }

  #movesBy(): SessionLedger<HostState>['movesBy'] {
    const { chosen } = this;
    if (chosen !== null) return { kind: 'choice', hostFor: ({ hi, lo }) => chosen.get(`${hi} ${lo}`) ?? null };
    const take = (policy: string): boolean => {
      this.movers.push(policy);
      return this.allowsMoves;
    };
    return { kind: 'counts', take };
  }

  /** What a response that goes on as a stream tells the ledger. */
  openStream({ selection, host }: BenchAnswer): void {
    const session = host === null ? null : selection.sessionAt(host);
    if (host === null || session === null) return;
    this.streams.set(`${session.hi} ${session.lo}`, Number.POSITIVE_INFINITY);
    this.#places.set(`${session.hi} ${session.lo}`, host.state);
  }

  closeStreams(): void {
    for (const session of this.streams.keys()) this.streams.set(session, this.nowSeconds);
  }

  #note(what: string, event: SessionEvent<HostState>): void {
    const id = `${event.hi} ${event.lo}`;
    this.events.push(`${what} ${event.windowSeconds}`);
    if (what === 'seen') event.host.liveSessions++;
    if (what === 'seen') this.#places.set(id, event.host);
    else this.#places.delete(id);
  }
}

export function idOf(event: SessionEvent<HostState> | null): string {
  return event === null ? '' : `${event.hi} ${event.lo}`;
}

export function tokenOf(token: string | null): string {
  assert.ok(token !== null && token !== '');
  return token;
}
