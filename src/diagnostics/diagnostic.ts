/** Every code there is. A code is stable: scripts and docs refer to it. */
export type DiagnosticCode =
  | 'yaml-syntax'
  | 'unknown-kind'
  | 'unknown-field'
  | 'invalid-field'
  | 'missing-field'
  | 'duplicate-resource'
  | 'unresolved-reference'
  | 'conflict'
  | 'ignored-field'
  | 'unsupported-field'
  | 'deprecated-field'
  | 'no-affinity'
  /** The system whose configuration this is would do otherwise, at the cost of a session. */
  | 'bettered'
  /** What a configuration is converted to has no way to say this. */
  | 'inexpressible'
  /** No request comes this far. */
  | 'unreachable-rule'
  /** A hash beside health checking that moves keys between localities. */
  | 'hash-with-ejection'
  /** A level of policy that takes the hash of the level above away. */
  | 'lost-hash'
  /** A key that a client may come without. */
  | 'no-hash-fallback'
  | 'passive-cookie'
  /** A cookie that the gateway sets under a name that applications set. */
  | 'application-cookie'
  /** Attributes or a name with which browsers drop the cookie. */
  | 'rejected-cookie'
  /** A cookie that no request of the route carries. */
  | 'cookie-path'
  | 'small-ring'
  | 'mixed-hash-keys'
  | 'unused-session-label'
  | 'unmatched-rule'
  | 'no-endpoints'
  | 'unreadable-source';

/** error: something is dropped or not served. warning: served, but likely not as meant. note: worth knowing. */
export type Severity = 'error' | 'warning' | 'note';

/** 1-based; `endColumn` is one past the last character and never before `column`. */
export interface Location {
  readonly source: string;
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
}

/** A user's mistake or a remark on the user's input: a value that is collected, never thrown. */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly severity: Severity;
  /** What is wrong, with the user's own names in it. */
  readonly message: string;
  /** How to mend it; empty where the message says it all. */
  readonly help: string;
  readonly location: Location;
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error');
}
