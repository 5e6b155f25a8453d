import { findReplayer } from './kinds.ts';
import { parseRecording } from './recording.ts';
import { Tally } from './tally.ts';

/** Replays the text of one recording. A file that cannot be read as one, or of a kind nobody knows, is a failure. */
export function replayText(text: string): Tally {
  const tally = new Tally();
  try {
    const recording = parseRecording(text);
    const replayer = findReplayer(recording);
    if (replayer === undefined) tally.fail('file', `no replay for the kind "${recording.kind}"`);
    else replayer.replay(recording, tally);
    if (recording.cases.length === 0) tally.fail('file', 'it has no cases');
  } catch (error) {
    tally.fail('file', error instanceof Error ? error.message : String(error));
  }
  return tally;
}
