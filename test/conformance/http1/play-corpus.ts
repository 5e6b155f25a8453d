import type { CorpusCase } from './corpus.ts';
import type { Verdict } from './judge-request.ts';
import { playRequest } from './play-request.ts';
import { playResponse } from './play-response.ts';
import type { RecordingBackend } from './recording-backend.ts';
import type { ProxyAddress } from './wire-client.ts';

/** A proxy and the backend behind it; a pair plays one case at a time. */
export interface Stage {
  readonly proxy: ProxyAddress;
  readonly backend: RecordingBackend;
}

export interface Result extends Verdict {
  readonly played: CorpusCase;
}

/** Plays all cases, as many at once as there are stages; results are in the order of the cases. */
export async function playCorpus(cases: readonly CorpusCase[], stages: readonly Stage[]): Promise<Result[]> {
  const results: Result[] = [];
  const waiting = cases.entries();
  const work = async ({ proxy, backend }: Stage): Promise<void> => {
    for (const [index, played] of waiting) results[index] = { played, ...(await play(played, proxy, backend)) };
  };
  await Promise.all(stages.map(work));
  return results;
}

async function play(played: CorpusCase, proxy: ProxyAddress, backend: RecordingBackend): Promise<Verdict> {
  try {
    return await (played.kind === 'requests'
      ? playRequest(played, proxy, backend)
      : playResponse(played, proxy, backend));
  } catch (error) {
    return { faults: [`the case could not be played: ${String(error)}`], isPreferred: null };
  }
}
