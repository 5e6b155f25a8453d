import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextPodName, parsePodName, versionOf } from './pod-names.ts';

describe('parsePodName', () => {
  it('tells the pods of a StatefulSet, of a Deployment, and others', () => {
    assert.deepEqual(parsePodName('test2-bwce-12'), { workload: 'test2-bwce', prefix: 'test2-bwce', ordinal: 12 });
    assert.deepEqual(parsePodName('helloworld-v2-79d5467d55-hshj5'), {
      workload: 'helloworld-v2',
      prefix: 'helloworld-v2-79d5467d55',
      ordinal: null,
    });
    assert.deepEqual(parsePodName('alone'), { workload: 'alone', prefix: 'alone', ordinal: null });
  });
});

describe('nextPodName', () => {
  it('gives a StatefulSet its lowest free ordinal', () => {
    assert.equal(nextPodName('httpbin-2', new Set(['httpbin-0', 'httpbin-2'])), 'httpbin-1');
  });

  it('gives a Deployment a new random suffix in the letters of Kubernetes', () => {
    const names = new Set<string>();
    for (let i = 0; i < 50; i++) names.add(nextPodName('httpbin-8d557795f-86hzg', names));
    assert.equal(names.size, 50);
    for (const name of names) assert.match(name, /^httpbin-8d557795f-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });
});

describe('versionOf', () => {
  it('reads the version out of the name where there is one', () => {
    assert.equal(versionOf('helloworld-v2-79d5467d55-hshj5'), 'v2');
    assert.equal(versionOf('httpbin-0'), 'v1');
    assert.equal(versionOf('v2x-0'), 'v1');
  });
});
