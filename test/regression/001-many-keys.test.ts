// Symptom: a file of 2 MiB with 200,000 keys in one mapping kept the gateway from answering for minutes, and `limpet
// check` from ending; so did tens of thousands of anchors with an alias each.
// Cause: the YAML library compares each key with every other one, and looks for an alias's anchor among all nodes.
// Fix: duplicate keys are found by a set of names, and anchors times aliases are bounded.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDocuments } from '../../src/resources/documents.ts';

/** With time that grows by the square this is minutes, else below a second. */
const MAX_MILLIS = 15_000;

describe('parseDocuments', () => {
  it('reads a mapping of very many keys in time', () => {
    const startedAt = performance.now();
    const text = Array.from({ length: 100_000 }, (_, index) => `k${index}: v\n`).join('');
    assert.equal(parseDocuments('many.yaml', text).documents.length, 1);
    assert.ok(performance.now() - startedAt < MAX_MILLIS);
  });

  it('refuses very many anchors with an alias each in time', () => {
    const startedAt = performance.now();
    const text = Array.from({ length: 30_000 }, (_, index) => `- &a${index} x\n- *a${index}\n`).join('');
    const [diagnostic] = parseDocuments('many.yaml', text).diagnostics;
    assert.equal(diagnostic?.code, 'yaml-syntax');
    assert.ok(performance.now() - startedAt < MAX_MILLIS);
  });

  it('still finds a key that is written twice, at its place, also where the two differ in quotes only', () => {
    for (const text of ['a: 1\nb: {c: 1, d: 2, c: 3}\n', 'a: 1\nb: {1: 1, d: 2, "1": 3}\n']) {
      const [diagnostic] = parseDocuments('twice.yaml', text).diagnostics;
      assert.equal(diagnostic?.message, 'this key is written twice in one mapping');
      assert.deepEqual([diagnostic.location.line, diagnostic.location.column], [2, 17]);
    }
  });

  it('says that an alias stands inside its own anchor', () => {
    const [diagnostic] = parseDocuments('circular.yaml', 'a: &m\n  b: *m\n').diagnostics;
    assert.equal(diagnostic?.message, 'this alias stands inside what its anchor names');
    assert.deepEqual([diagnostic.location.line, diagnostic.location.column], [2, 6]);
  });
});
