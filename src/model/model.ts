import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Cluster } from './cluster.ts';
import type { Listener } from './listener.ts';

/** One configuration in no dialect's terms: what the gateway serves, what xDS is made of, what `explain` explains. */
export interface Model {
  readonly listeners: readonly Listener[];
  readonly clusters: readonly Cluster[];
}

/** A published model. Revisions grow by one; two snapshots with one digest serve alike. */
export interface Snapshot {
  readonly revision: number;
  /** SHA-256 over the canonical form, hex. */
  readonly digest: string;
  readonly model: Model;
  readonly diagnostics: readonly Diagnostic[];
  /** Unix time in milliseconds. */
  readonly publishedAt: number;
}
