/** Where a worker's process stands. */
export type WorkerState = 'none' | 'starting' | 'serving';

/**
 * Which of a port's sockets each worker accepts from: numbers of sockets by number of worker. The kernel spreads
 * connections evenly over the sockets, so each worker has its own, and
 * - where there are fewer sockets than workers, several workers share one,
 * - where there are more, left by a process with more workers, a worker has several,
 * - the sockets of a worker that does not serve go to those that do, so that nobody waits for its return.
 */
export function shareSockets(states: readonly WorkerState[], socketCount: number): readonly ReadonlySet<number>[] {
  const shares = states.map((state, worker) =>
    state === 'none' ? new Set<number>() : new Set(ownSockets(worker, states.length, socketCount)),
  );
  const serving = shares.filter((_, worker) => states[worker] === 'serving');
  for (let socket = 0; socket < socketCount; socket++) {
    if (!serving.some((share) => share.has(socket))) serving[socket % serving.length]?.add(socket);
  }
  return shares;
}

function ownSockets(worker: number, workerCount: number, socketCount: number): number[] {
  if (socketCount === 0) return [];
  if (socketCount < workerCount) return [worker % socketCount];
  const own: number[] = [];
  for (let socket = worker; socket < socketCount; socket += workerCount) own.push(socket);
  return own;
}
