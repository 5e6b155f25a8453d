/** Live sessions and drains of a running gateway, as the admin API shows them. */
export interface SessionsView {
  /** Sessions with a request within their idle time, or with an open stream. */
  readonly sessions: number;
  /** Sessions that are not counted, because there were more than are kept. */
  readonly forgotten: number;
  readonly endpoints: readonly EndpointSessions[];
  readonly drains: readonly DrainProgress[];
}

export interface EndpointSessions {
  readonly cluster: string;
  readonly address: string;
  /** `namespace/name`; empty where the source knows none. */
  readonly pod: string;
  readonly sessions: number;
  readonly activeRequests: number;
  readonly drain: DrainCause | null;
}

/** `endpoint`: the configuration calls it draining (terminating but serving). `order`: by `limpet drain`. */
export type DrainCause = 'endpoint' | 'order';

/** How far the drain of a pod has come. */
export interface DrainProgress {
  /** `namespace/name`; empty where the source knows none. */
  readonly pod: string;
  /** Empty where the source knows none. */
  readonly uid: string;
  /** All addresses of the pod; none: the pod is gone. */
  readonly addresses: readonly string[];
  readonly by: DrainCause;
  /**
   * `draining`: it has sessions or requests. `empty`: it has none. `over`: the deadline has passed, and what sessions it
   * had belong to other pods. `gone`: no endpoint is this pod any more.
   */
  readonly state: 'draining' | 'empty' | 'over' | 'gone';
  /** Unix times in seconds; null: there is no deadline. */
  readonly startedSeconds: number;
  readonly deadlineSeconds: number | null;
  readonly sessions: number;
  readonly activeRequests: number;
  /** How long the oldest of its sessions has been known here; null: there is none. */
  readonly oldestSeconds: number | null;
  /** Until it is empty at the pace so far, or the deadline if that comes first; null: nobody can say. */
  readonly estimateSeconds: number | null;
}

export interface DrainRequest {
  /** `ip:port`, an IP address, a pod's name, `namespace/name` or uid. */
  readonly endpoint: string;
  /** From now; null: what the session policies say. */
  readonly deadlineSeconds: number | null;
}

/** What came of an order; `message` is for people. */
export type DrainAnswer =
  | { readonly kind: 'done'; readonly drain: DrainProgress }
  | { readonly kind: 'unknown' | 'ambiguous' | 'refused'; readonly message: string };
