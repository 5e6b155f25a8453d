import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Balancer, EndpointHealth } from '../model/cluster.ts';
import type { ExplainRequest, Explanation } from '../model/explanation.ts';
import type { Snapshot } from '../model/model.ts';
import type { DrainAnswer, DrainRequest, SessionsView } from '../model/sessions-view.ts';

/** A listener as it is bound now. */
export interface ListenerView {
  readonly name: string;
  /** `host:port` that clients connect to. */
  readonly address: string;
  readonly virtualHosts: readonly string[];
  readonly connections: number;
}

/** A cluster as it serves now: configured endpoints with their load and learnt health. */
export interface ClusterView {
  readonly name: string;
  readonly balancer: Balancer['kind'];
  readonly endpoints: readonly EndpointView[];
}

export interface EndpointView {
  readonly address: string;
  /** Name of the pod; empty where the source knows none. */
  readonly pod: string;
  readonly weight: number;
  readonly health: EndpointHealth;
  readonly activeRequests: number;
  readonly totalRequests: number;
}

export interface ReloadView {
  readonly outcome: 'published' | 'unchanged' | 'rejected';
  readonly revision: number;
  readonly diagnostics: readonly Diagnostic[];
}

/** Some answers have to be fetched from other processes. */
type Answer<T> = T | Promise<T>;

/** What the admin API shows and does. Each call gives the state of that moment; nothing in it is a secret. */
export interface AdminViews {
  /** `reason` is for people, and empty when ready. */
  readiness(): { readonly ready: boolean; readonly reason: string };
  snapshot(): Snapshot | null;
  diagnostics(): readonly Diagnostic[];
  listeners(): Answer<readonly ListenerView[]>;
  clusters(): Answer<readonly ClusterView[]>;
  /** null: nothing is served yet. */
  explain(request: ExplainRequest): Answer<Explanation | null>;
  reload(): Promise<ReloadView>;
  sessions(): Answer<SessionsView>;
  drain(request: DrainRequest): Answer<DrainAnswer>;
  undrain(endpoint: string): Answer<DrainAnswer>;
  readonly metrics: { readonly contentType: string; metrics(): Promise<string> };
}
