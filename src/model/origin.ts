/** Where in the user's input a node of the model comes from; every diagnostic, `explain` step and dashboard row points here. */
export interface Origin {
  /** File path or source name as the user gave it. */
  readonly source: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based. */
  readonly column: number;
  /** Path of the field inside the resource, such as `spec.http[0].route[0]`; empty for the resource itself. */
  readonly field: string;
}

/** `kind namespace/name (file:line)`, the one way an origin is printed. */
export function formatOrigin(origin: Origin): string {
  return `${origin.kind} ${origin.namespace}/${origin.name} (${origin.source}:${origin.line})`;
}
