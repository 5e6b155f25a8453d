import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startGateway } from '../../support/gateway.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute } from '../../support/model-builder.ts';
import { readCorpus } from './corpus.ts';
import { countFailed, formatResults } from './format-results.ts';
import { playCorpus, type Result, type Stage } from './play-corpus.ts';
import { RecordingBackend } from './recording-backend.ts';

/** Cases mostly wait, so that many can be played at once. */
const STAGES = 24;

async function playAgainstGateway(file: string): Promise<Result[]> {
  await using owned = new AsyncDisposableStack();
  const stages: Stage[] = [];
  for (let i = 0; i < STAGES; i++) {
    const backend = owned.use(await RecordingBackend.listen('127.0.0.1', 0));
    const endpoint = buildEndpoint({ host: '127.0.0.1', port: backend.port });
    const gateway = owned.use(await startGateway([buildRoute(buildForward('c'))], [buildCluster('c', [endpoint])]));
    stages.push({ proxy: { host: '127.0.0.1', port: gateway.port }, backend });
  }
  return await playCorpus(readCorpus(fileURLToPath(new URL(`testdata/${file}`, import.meta.url))), stages);
}

describe('HTTP/1.1 corpus', () => {
  for (const [file, count] of [
    ['requests.json', 369],
    ['responses.json', 161],
  ] as const) {
    it(`passes all ${count} cases of ${file} and takes every preferred outcome`, async () => {
      const results = await playAgainstGateway(file);
      assert.equal(results.length, count);
      assert.equal(countFailed(results), 0, formatResults(results));
      assert(!results.some(({ isPreferred }) => isPreferred === false), formatResults(results));
    });
  }
});
