import type { Host, HostState } from '../host.ts';

/** Whether the host keeps its sessions and takes no new ones. */
export function isDraining<S extends HostState>(host: Host<S>): boolean {
  return host.state.drain !== null || host.endpoint.health === 'draining';
}

/** True where neither a check nor the configuration says that the host does not serve. */
export function isServing<S extends HostState>(host: Host<S>): boolean {
  const { failedActiveCheck, ejected } = host.state;
  const { health } = host.endpoint;
  return !failedActiveCheck && !ejected && health !== 'unhealthy' && health !== 'timeout';
}

/**
 * The hosts that new sessions may go to: of the first priority that has any, the healthy ones; where there is none
 * anywhere, the degraded ones, then the draining ones, so that a service whose every pod drains still serves. With
 * `mayPanic` at last those that do not seem to serve. `priorities` are hosts with weight, by priority.
 */
export function findNewWork<S extends HostState>(
  priorities: readonly (readonly Host<S>[])[],
  mayPanic: boolean,
): readonly Host<S>[] {
  const isHealthy = (host: Host<S>): boolean => !isDraining(host) && host.coarseHealth() === 'healthy';
  const isDegraded = (host: Host<S>): boolean => !isDraining(host) && host.coarseHealth() === 'degraded';
  const isLeaving = (host: Host<S>): boolean => isDraining(host) && isServing(host);
  for (const wanted of [isHealthy, isDegraded, isLeaving]) {
    for (const hosts of priorities) {
      const found = hosts.filter(wanted);
      if (found.length > 0) return found;
    }
  }
  return mayPanic ? (priorities.find((hosts) => hosts.length > 0) ?? []) : [];
}
