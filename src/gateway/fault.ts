import type { FaultPolicy } from '../model/route.ts';

/** What a request has to suffer on purpose; 0: nothing of that kind. */
export interface DrawnFault {
  readonly delayMillis: number;
  readonly abortStatus: number;
  /** -1: the abort has none. */
  readonly grpcStatus: number;
}

/** Draws the faults of one request; each kind by its own chance, a delay before an abort (Envoy's fault filter). */
export function drawFault({ delay, abort }: FaultPolicy, random: () => number): DrawnFault {
  const delayMillis = delay !== null && random() * 100 < delay.percent ? delay.millis : 0;
  const aborts = abort !== null && random() * 100 < abort.percent;
  return { delayMillis, abortStatus: aborts ? abort.status : 0, grpcStatus: (aborts ? abort.grpcStatus : null) ?? -1 };
}
