import type { Resource } from './resource.ts';

/**
 * Whether a SessionPolicy may apply to what an object stands for. A dialect keeps for such an object what only sessions
 * can reach: endpoints that drain, and targets of weight 0.
 */
export type IsSessionTarget = (resource: Resource) => boolean;

/** A port of a Service, or of what a dialect has in its place, that a cluster stands for. */
export interface ServicePortRef {
  readonly resource: Resource;
  readonly port: number;
}
