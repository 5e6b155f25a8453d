import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { parseResources } from '../resources/resources.ts';
import { readSlices, replaceSlices, type Slice } from './manifests.ts';

const TEXT = readFileSync(new URL('../../examples/istio-helloworld/workload.yaml', import.meta.url), 'utf8');

function theSliceOf(text: string): Slice {
  const [slice, ...others] = readSlices(text);
  assert.ok(slice !== undefined);
  assert.deepEqual(others, []);
  return slice;
}

describe('readSlices', () => {
  it('reads the endpoints of a tutorial', () => {
    const { entries, ...slice } = theSliceOf(TEXT);
    assert.deepEqual(slice, {
      name: 'helloworld-q9x',
      namespace: 'helloworld',
      service: 'helloworld',
      portName: 'http',
    });
    assert.equal(entries.length, 6);
    assert.deepEqual(entries[5], {
      pod: 'helloworld-v2-79d5467d55-hshj5',
      address: '127.244.2.12',
      port: 5000,
      nodeName: 'worker2',
      ready: true,
      serving: true,
      terminating: false,
    });
  });
});

describe('replaceSlices', () => {
  it('writes what readSlices reads, and keeps the other documents to the letter', () => {
    const slice = theSliceOf(TEXT);
    const changed = { ...slice, entries: slice.entries.slice(0, 2).map((entry) => ({ ...entry, ready: false })) };
    const text = replaceSlices(`# a remark\n${TEXT}`, changed);
    assert.deepEqual(theSliceOf(text), changed);
    const service = TEXT.slice(0, TEXT.indexOf('---\n'));
    assert.ok(text.startsWith(`# a remark\n${service}`));
  });

  it('writes a slice for each port, because a slice has one port for all its endpoints', () => {
    const slice = theSliceOf(TEXT);
    const entries = slice.entries.map((entry, index) => ({ ...entry, address: '127.0.0.1', port: 7000 + (index % 3) }));
    const text = replaceSlices(TEXT, { ...slice, entries });
    const slices = readSlices(text);
    assert.deepEqual(slices.map(({ name }) => name).sort(), [
      'helloworld-q9x',
      'helloworld-q9x-7001',
      'helloworld-q9x-7002',
    ]);
    assert.equal(slices.flatMap((one) => one.entries).length, 6);
    assert.deepEqual(parseResources([{ source: 'a', text }]).diagnostics, []);
    const again = replaceSlices(text, slice);
    assert.deepEqual(theSliceOf(again), slice);
  });

  it('leaves no slice when there is no endpoint', () => {
    assert.deepEqual(readSlices(replaceSlices(TEXT, { ...theSliceOf(TEXT), entries: [] })), []);
  });

  it('keeps the slices of other services and documents that it can not read', () => {
    const other = TEXT.slice(TEXT.indexOf('---\n') + 4).replaceAll('helloworld', 'other');
    const text = replaceSlices(`${TEXT}---\n${other}---\n{broken\n`, { ...theSliceOf(TEXT), entries: [] });
    assert.deepEqual(
      readSlices(text).map(({ service }) => service),
      ['other'],
    );
    assert.ok(text.includes('{broken\n'));
  });
});
