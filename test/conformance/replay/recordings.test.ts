import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { replayText } from './replay-file.ts';

const RECORDINGS = new URL('../../../src/affinity/testdata/', import.meta.url);

/** Checks per file: fewer would mean that cases or fields were dropped. */
const EXPECTED: Readonly<Record<string, { cases: number; passed: number; bettered: number }>> = {
  'bounded_load.json': { cases: 23, passed: 1232, bettered: 0 },
  'client_address.json': { cases: 370, passed: 2369, bettered: 0 },
  'cookies.json': { cases: 65, passed: 247, bettered: 1 },
  'hash_policies.json': { cases: 308, passed: 1103, bettered: 0 },
  'health_priority.json': { cases: 54, passed: 1598, bettered: 0 },
  'maglev.json': { cases: 50, passed: 2214, bettered: 0 },
  'murmur2.json': { cases: 77, passed: 77, bettered: 0 },
  'retries.json': { cases: 22, passed: 1128, bettered: 0 },
  'ring_equal_keys.json': { cases: 12, passed: 991, bettered: 0 },
  'ring_hash.json': { cases: 57, passed: 2588, bettered: 0 },
  'stateful_session.json': { cases: 416, passed: 1783, bettered: 5 },
  'weighted_clusters.json': { cases: 5, passed: 300, bettered: 0 },
  'xxhash64.json': { cases: 258, passed: 258, bettered: 0 },
};

describe('recordings of Envoy 1.40', () => {
  it('are all counted here', () => {
    const files = readdirSync(RECORDINGS).filter((name) => name.endsWith('.json'));
    assert.deepEqual(files.sort(), Object.keys(EXPECTED).sort());
  });

  for (const [file, expected] of Object.entries(EXPECTED)) {
    it(`${file}: ${expected.passed} checks pass, ${expected.bettered} are bettered`, () => {
      const { cases, passed, failed, bettered, mismatches } = replayText(
        readFileSync(new URL(file, RECORDINGS), 'utf8'),
      );
      assert.deepEqual({ failed, mismatches }, { failed: 0, mismatches: [] });
      assert.deepEqual({ cases, passed, bettered }, expected);
    });
  }
});
