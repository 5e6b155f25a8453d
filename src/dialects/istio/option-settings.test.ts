import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ISTIO_SETTINGS, setIstioOption } from './option-settings.ts';
import { DEFAULT_ISTIO_OPTIONS, type IstioOptions } from './options.ts';

function setAll(...settings: readonly (readonly [name: string, value: string])[]): Partial<IstioOptions> {
  return settings.reduce<Partial<IstioOptions>>((options, [name, value]) => {
    const next = setIstioOption(options, name, value);
    return typeof next === 'string' ? assert.fail(next) : next;
  }, {});
}

describe('setIstioOption', () => {
  it('changes what is named and nothing else', () => {
    assert.deepEqual(setAll(['namespace', 'edge']), { namespace: 'edge' });
    assert.deepEqual(setAll(['root-namespace', 'mesh'], ['cluster-domain', 'prod.example']), {
      rootNamespace: 'mesh',
      clusterDomain: 'prod.example',
    });
    assert.deepEqual(setAll(['PILOT_ENABLE_PERSISTENT_SESSION_FILTER', 'F']), { persistentSessions: false });
    assert.deepEqual(setAll(['PILOT_FILTER_GATEWAY_CLUSTER_CONFIG', 'false']), { allClusters: true });
  });

  it('has each default of its list as the default of the options', () => {
    for (const { name, byDefault } of ISTIO_SETTINGS.filter((setting) => setting.byDefault !== '')) {
      assert.deepEqual({ ...DEFAULT_ISTIO_OPTIONS, ...setAll([name, byDefault]) }, DEFAULT_ISTIO_OPTIONS, name);
    }
  });

  it('adds labels to those that are given, in place of the default ones', () => {
    const { labels } = setAll(['labels', 'istio=edge,gateway.example.com/tier='], ['labels', 'app=a,istio=inner']);
    assert.deepEqual(labels, { istio: 'inner', 'gateway.example.com/tier': '', app: 'a' });
  });

  it('keeps one session label where the other is set', () => {
    assert.deepEqual(setAll(['PILOT_PERSISTENT_SESSION_LABEL', 'example.com/session']).sessionLabels, {
      cookie: 'example.com/session',
      header: 'istio.io/persistent-session-header',
    });
    const both = setAll(['PILOT_PERSISTENT_SESSION_HEADER_LABEL', 'h'], ['PILOT_PERSISTENT_SESSION_LABEL', '']);
    assert.deepEqual(both.sessionLabels, { cookie: '', header: 'h' });
  });

  it('reads a locality or its beginning', () => {
    assert.deepEqual(setAll(['locality', 'eu/a/1']).locality, { region: 'eu', zone: 'a', subZone: '1' });
    assert.deepEqual(setAll(['locality', 'eu-west1']).locality, { region: 'eu-west1', zone: '', subZone: '' });
  });

  it('says what can be written where a value is none', () => {
    const wrong: [name: string, ...values: string[]][] = [
      ['namespace', '', 'Edge', 'a/b', 'a.b', '*', '-a', 'a'.repeat(64)],
      ['root-namespace', '', 'a b'],
      ['revision', '', 'a b', '1.30'],
      ['labels', '', 'istio', '=edge', 'istio=a b', 'a=b,', 'a/b/c=d', '__proto__=x', 'a=b=c'],
      ['locality', '', '/a', 'eu//1', 'eu/a/1/x', 'eu/', 'e u'],
      ['cluster-domain', '', 'cluster.local.', '.local', 'Cluster.local', 'a b', 'http://a'],
      ['PILOT_SEND_UNHEALTHY_ENDPOINTS', '', 'yes', 'tRUE', 'constructor'],
      ['PILOT_DRAINING_LABEL', 'a b', 'a=b'],
    ];
    for (const [name, ...values] of wrong) {
      for (const value of values) {
        const said = setIstioOption({}, name, value);
        assert.ok(typeof said === 'string' && said.startsWith(`${name}: write `), `${name}=${value}`);
      }
    }
  });

  it('knows no other name, and says which was meant', () => {
    assert.equal(setIstioOption({}, 'label', 'a=b'), 'There is no setting label. Did you mean labels?');
    assert.match(
      String(setIstioOption({}, 'toString', '')),
      /^There is no setting toString\. Known: namespace, labels, /,
    );
    assert.match(
      String(setIstioOption({}, 'PILOT_ENABLE_PERSISTENT_SESSIONS', 'true')),
      /mean PILOT_ENABLE_PERSISTENT_SESSION_FILTER\?$/,
    );
  });
});
