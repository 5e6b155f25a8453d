import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpointAt, hostState } from '../../test/support/affinity.ts';
import { Host, type HostState } from './host.ts';
import { compareLocalities, type LocalityHosts, weighHosts, weighHostsByLocality } from './weighted-hosts.ts';

function hostOf(name: string, weight: number): Host<HostState> {
  return new Host(endpointAt(`${name}:80`, { weight }), hostState(), 0, 0);
}

function localityOf(region: string, weight: number, ...hosts: readonly Host<HostState>[]): LocalityHosts<HostState> {
  return { locality: { region, zone: '', subZone: '' }, weight, hosts };
}

describe('weighHosts', () => {
  it('divides weights by their sum', () => {
    assert.deepEqual([...weighHosts([hostOf('a', 1), hostOf('b', 3)]).weights], [0.25, 0.75]);
  });
});

describe('weighHostsByLocality', () => {
  const a = hostOf('a', 1);
  const b = hostOf('b', 3);
  const c = hostOf('c', 7);

  it('gives a host its share of its locality', () => {
    const { hosts, weights } = weighHostsByLocality([localityOf('x', 1, c), localityOf('y', 1, a, b)], () => true);
    assert.deepEqual(hosts, [c, a, b]);
    assert.deepEqual([...weights], [0.5, 0.125, 0.375]);
  });

  it('leaves out localities without weight, and gives the share of a dead one to nobody', () => {
    const localities = [localityOf('x', 0, a), localityOf('y', 1, b), localityOf('z', 1, c)];
    const { hosts, weights } = weighHostsByLocality(localities, (host) => host !== b);
    assert.deepEqual([hosts, [...weights]], [[c], [0.5]]);
  });
});

describe('compareLocalities', () => {
  it('orders by region, zone and sub-zone as bytes', () => {
    const at = (region: string, zone: string, subZone = '') => ({ region, zone, subZone });
    const sorted = [at('b', ''), at('a', '2'), at('a', '10'), at('B', ''), at('a', '10', 'x')].sort(compareLocalities);
    assert.deepEqual(sorted, [at('B', ''), at('a', '10'), at('a', '10', 'x'), at('a', '2'), at('b', '')]);
  });
});
