import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { clusterOf, endpointAt, hostState, requestWith, selectionEnvironment } from '../../test/support/affinity.ts';
import { buildForward } from '../../test/support/model-builder.ts';
import type { Endpoint } from '../model/cluster.ts';
import { ClusterBalancer } from './cluster-balancer.ts';
import { compileForward, type ForwardPlan } from './forward-plan.ts';
import type { HostState } from './host.ts';
import { Selection, type SelectionEnvironment } from './selection.ts';
import { NO_LEDGER, type SessionEvent, type SessionLedger } from './session-ledger.ts';

const IDLE_SECONDS = 100;
const START = 1_800_000_000;

/** A ledger that only knows the places of keys. */
class PlaceLedger implements SessionLedger<HostState> {
  now = START;
  readonly #places = new Map<string, SessionEvent<HostState> & { readonly until: number }>();

  seen(event: SessionEvent<HostState>): void {
    this.#places.set(`${event.hi} ${event.lo}`, { ...event, until: this.now + event.windowSeconds });
  }

  ended(): void {}
  opened(): void {}
  closed(): void {}
  readonly movesBy = NO_LEDGER.movesBy;
  secondsSinceStream(): number {
    return Number.POSITIVE_INFINITY;
  }

  placeOf({ hi, lo }: { hi: number; lo: number }): HostState | null {
    const place = this.#places.get(`${hi} ${lo}`);
    return place === undefined || place.until <= this.now ? null : place.host;
  }
}

/** A service whose pods come and go, and the pods that its keys find. */
class Service {
  readonly ledger = new PlaceLedger();
  readonly states = new Map<string, HostState>();
  #plan: ForwardPlan<HostState>;
  readonly #environment: SelectionEnvironment;
  readonly #otherHostAttempts: number;

  constructor(pods: readonly string[], remembers = true, otherHostAttempts = 0) {
    this.#otherHostAttempts = otherHostAttempts;
    this.#plan = this.#compile(pods);
    const ledger = remembers ? this.ledger : NO_LEDGER;
    this.#environment = { ...selectionEnvironment(), nowSeconds: () => this.ledger.now, ledger };
  }

  scale(pods: readonly string[]): void {
    this.#plan = this.#compile(pods);
  }

  selectionFor(key: string): Selection<HostState> {
    const selection = new Selection(this.#plan, requestWith([['x-user', key]]), this.#environment);
    selection.chooseTarget();
    return selection;
  }

  ownerOf(key: string): string {
    return this.selectionFor(key).next()?.endpoint.identity.uid ?? '';
  }

  /** The rendezvous owner, whatever was before. */
  static firstOwner(pods: readonly string[], key: string): string {
    return new Service(pods, false).ownerOf(key);
  }

  #compile(pods: readonly string[]): ForwardPlan<HostState> {
    const endpoints = pods.map((pod) => endpointOf(pod));
    const balancer = new ClusterBalancer<HostState>(clusterOf(endpoints, { balancer: { kind: 'random' } }), {
      stateFor: (endpoint) => this.#stateOf(endpoint),
      random: () => 0.5,
    });
    const affinity = {
      kind: 'hash' as const,
      policies: [{ kind: 'header' as const, name: 'x-user', rewrite: null, terminal: false }],
      minimalMoves: { identity: 'uid' as const, idleMillis: IDLE_SECONDS * 1000 },
    };
    const plan = compileForward(buildForward('cluster', { affinity }), () => balancer);
    return { ...plan, otherHostAttempts: this.#otherHostAttempts };
  }

  #stateOf({ address }: Endpoint): HostState {
    const state = this.states.get(address) ?? hostState();
    this.states.set(address, state);
    return state;
  }
}

function addressOf(pod: string): string {
  return `10.1.0.${1 + 'abcdefghijkl'.indexOf(pod)}:80`;
}

/** The address is no part of who the pod is. */
function endpointOf(pod: string): Endpoint {
  return endpointAt(addressOf(pod), { identity: { uid: pod, namespace: 'shop', name: pod } });
}

const KEYS = Array.from({ length: 400 }, (_, index) => `user-${index}`);
const somePods = fc.uniqueArray(fc.constantFrom(...'abcdefghijkl'), { minLength: 1, maxLength: 8 });

describe('minimalMoves', () => {
  it('moves a key only when its pod leaves or a new pod wins it', () => {
    fc.assert(
      fc.property(somePods, somePods, fc.string(), (before, after, key) => {
        const old = Service.firstOwner(before, key);
        const now = Service.firstOwner(after, key);
        if (old !== now) assert.ok(!after.includes(old) || !before.includes(now), `${old} -> ${now}`);
      }),
    );
  });

  it('gives the same answer whatever the order of the endpoints, and with any balancer', () => {
    fc.assert(
      fc.property(somePods, fc.string(), (pods, key) => {
        assert.equal(Service.firstOwner(pods, key), Service.firstOwner([...pods].reverse(), key));
      }),
    );
  });

  it('keeps keys that are in use where they are, through any changes that leave their pods', () => {
    const steps = fc.array(fc.record({ pods: somePods, seconds: fc.nat(IDLE_SECONDS - 1) }), { maxLength: 6 });
    fc.assert(
      fc.property(somePods, steps, (start, changes) => {
        const service = new Service(start);
        let places = new Map(KEYS.slice(0, 20).map((key) => [key, service.ownerOf(key)]));
        for (const { pods, seconds } of changes) {
          service.scale(pods);
          service.ledger.now += seconds;
          const next = new Map([...places.keys()].map((key) => [key, service.ownerOf(key)]));
          for (const [key, pod] of places) {
            if (pods.includes(pod)) assert.equal(next.get(key), pod, `${key} left ${pod}`);
            else assert.equal(next.get(key), Service.firstOwner(pods, key));
          }
          places = next;
        }
      }),
      { numRuns: 50 },
    );
  });

  it('gives a new pod its keys: those that are new at once, those in use when they have been idle', () => {
    const service = new Service(['a', 'b']);
    const used = KEYS.filter((key) => Service.firstOwner(['a', 'b', 'c'], key) === 'c');
    const [inUse, fresh] = [used.slice(0, 50), used.slice(50)];
    for (const key of inUse) service.ownerOf(key);
    service.scale(['a', 'b', 'c']);
    for (const key of inUse) assert.notEqual(service.ownerOf(key), 'c');
    for (const key of fresh) assert.equal(service.ownerOf(key), 'c');
    service.ledger.now += IDLE_SECONDS;
    for (const key of inUse) assert.equal(service.ownerOf(key), 'c');
  });

  it('leaves a pod that fails its checks, and stays away from it for as long as the key is in use', () => {
    const service = new Service(['a', 'b', 'c']);
    const key = KEYS[0] as string;
    const owner = service.ownerOf(key);
    const state = service.states.get(addressOf(owner)) as HostState;
    state.ejected = true;
    service.scale(['a', 'b', 'c']);
    const refuge = service.ownerOf(key);
    assert.notEqual(refuge, owner);
    state.ejected = false;
    service.scale(['a', 'b', 'c']);
    assert.equal(service.ownerOf(key), refuge);
  });

  it('keeps keys on a draining pod until its deadline, and gives it no new ones', () => {
    const service = new Service(['a', 'b']);
    const owned = KEYS.filter((key) => Service.firstOwner(['a', 'b'], key) === 'a');
    const [inUse, fresh] = [owned.slice(0, 20), owned.slice(20)];
    for (const key of inUse) service.ownerOf(key);
    const state = service.states.get(addressOf('a')) as HostState;
    state.drain = { startedSeconds: START, deadlineSeconds: START + 50, by: 'order' };
    service.scale(['a', 'b']);
    for (const key of inUse) assert.equal(service.ownerOf(key), 'a');
    for (const key of fresh) assert.equal(service.ownerOf(key), 'b');
    service.ledger.now += 50;
    for (const key of inUse) assert.equal(service.ownerOf(key), 'b');
  });

  it('tries another pod where the route wants that of retries, and does not move the key by it', () => {
    const service = new Service(['a', 'b', 'c'], true, 2);
    const selection = service.selectionFor('user');
    const first = selection.next();
    const second = selection.next();
    assert.notEqual(second?.address, first?.address);
    assert.equal(service.ownerOf('user'), first?.endpoint.identity.uid);
  });
});
