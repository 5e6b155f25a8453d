import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpointAt, hostState } from '../../test/support/affinity.ts';
import type { Endpoint, EndpointHealth } from '../model/cluster.ts';
import { Host, type HostState } from './host.ts';

function hostOf(endpoint: Partial<Endpoint>, state: Partial<HostState> = {}): Host<HostState> {
  return new Host(endpointAt('10.0.0.1:80', endpoint), hostState(state), 0, 0);
}

const ALL: readonly EndpointHealth[] = ['unknown', 'healthy', 'degraded', 'draining', 'unhealthy', 'timeout'];

describe('Host.coarseHealth', () => {
  it('counts only unknown and healthy as healthy, and degraded by itself', () => {
    assert.deepEqual(
      ALL.map((health) => hostOf({ health }).coarseHealth()),
      ['healthy', 'healthy', 'degraded', 'unhealthy', 'unhealthy', 'unhealthy'],
    );
  });

  it('lets checks and ejections overrule the configuration', () => {
    assert.equal(hostOf({ health: 'healthy' }, { failedActiveCheck: true }).coarseHealth(), 'unhealthy');
    assert.equal(hostOf({ health: 'degraded' }, { ejected: true }).coarseHealth(), 'unhealthy');
    assert.equal(hostOf({ health: 'healthy' }, { degradedActiveCheck: true }).coarseHealth(), 'degraded');
    assert.equal(hostOf({ health: 'draining' }, { degradedActiveCheck: true }).coarseHealth(), 'unhealthy');
  });
});

describe('Host.sessionHealth', () => {
  it('is the configured health, unless a check or an ejection says otherwise', () => {
    assert.deepEqual(
      ALL.map((health) => hostOf({ health }).sessionHealth()),
      ALL,
    );
    assert.equal(hostOf({ health: 'draining' }, { ejected: true }).sessionHealth(), 'unhealthy');
    assert.equal(hostOf({ health: 'draining' }, { degradedActiveCheck: true }).sessionHealth(), 'draining');
    assert.equal(hostOf({ health: 'healthy' }, { degradedActiveCheck: true }).sessionHealth(), 'degraded');
  });
});

describe('Host.hashKey', () => {
  it('is the configured key, then the hostname if wanted, then the address', () => {
    assert.equal(hostOf({ hashKey: 'k', hostname: 'h' }).hashKey(true), 'k');
    assert.equal(hostOf({ hostname: 'h' }).hashKey(true), 'h');
    assert.equal(hostOf({ hostname: 'h' }).hashKey(false), '10.0.0.1:80');
    assert.equal(hostOf({}).hashKey(true), '');
  });

  it('is bytes', () => assert.equal(hostOf({ hashKey: 'é' }).hashKey(false), '\xc3\xa9'));
});
