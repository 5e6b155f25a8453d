/** What other processes have found out about a host. */
export interface HostVerdict {
  readonly cluster: string;
  readonly address: string;
  /** By an outlier detection elsewhere. */
  readonly ejected: boolean;
  /** By active checks that run elsewhere; false in the process that runs them. */
  readonly failedActiveCheck: boolean;
  readonly degradedActiveCheck: boolean;
}

/**
 * How several processes with the same snapshot come to one opinion of its hosts: one runs the active checks, each one
 * detects outliers in its own traffic, and all take over what the others found, so that a session has one pod whichever
 * process serves it.
 */
export interface HealthSharing {
  readonly runsChecks: boolean;
  /** This process's own outlier detection has ejected a host or let it back. */
  onEjection(cluster: string, address: string, ejected: boolean): void;
  /** This process's active checks have changed a host's state. */
  onChecked(cluster: string, address: string, state: CheckedState): void;
  /** A host counts as healthy and has passed a check once more. */
  onCheckPassed(cluster: string, address: string): void;
}

export interface CheckedState {
  readonly failedActiveCheck: boolean;
  readonly degradedActiveCheck: boolean;
}

/** For a process that is alone. */
export const NOT_SHARED: HealthSharing = {
  runsChecks: true,
  onEjection() {},
  onChecked() {},
  onCheckPassed() {},
};

/** The same for the same host in every process. */
export function toHostKey(cluster: string, address: string): string {
  return `${cluster} ${address}`;
}
