import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readEnvironment } from './environment.ts';

describe('readEnvironment', () => {
  it('has the defaults of istiod where nothing is set', () => {
    const options = readEnvironment({});
    assert.equal(options.persistentSessions, false);
    assert.equal(options.collapseHosts, true);
    assert.equal(options.allClusters, true);
    assert.equal(options.drainingLabel, 'istio.io/draining');
  });

  it('reads switches as Go does, and takes no other word', () => {
    assert.equal(readEnvironment({ PILOT_ENABLE_PERSISTENT_SESSION_FILTER: 'T' }).persistentSessions, true);
    assert.equal(readEnvironment({ PILOT_ENABLE_ROUTE_COLLAPSE_OPTIMIZATION: '0' }).collapseHosts, false);
    assert.equal(readEnvironment({ PILOT_SEND_UNHEALTHY_ENDPOINTS: 'yes' }).sendUnhealthyEndpoints, false);
  });

  it('lets an empty name switch a label off', () => {
    const { sessionLabels, drainingLabel } = readEnvironment({
      PILOT_PERSISTENT_SESSION_LABEL: '',
      PILOT_PERSISTENT_SESSION_HEADER_LABEL: 'example.com/session',
      PILOT_DRAINING_LABEL: '',
    });
    assert.deepEqual(sessionLabels, { cookie: '', header: 'example.com/session' });
    assert.equal(drainingLabel, '');
  });
});
