import type { FaultPolicy } from '../model/route.ts';

/** What a request has to suffer on purpose; 0: nothing of that kind. */
export interface DrawnFault {
  readonly delayMillis: number;
  readonly abortStatus: number;
}

/** Draws the faults of one request; each kind by its own chance, a delay before an abort (Envoy's fault filter). */
export function drawFault({ delay, abort }: FaultPolicy, random: () => number): DrawnFault {
  return {
    delayMillis: delay !== null && random() * 100 < delay.percent ? delay.millis : 0,
    abortStatus: abort !== null && random() * 100 < abort.percent ? abort.status : 0,
  };
}
