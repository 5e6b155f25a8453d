import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { translate } from '../../control/translate.ts';
import { parseResources } from '../../resources/resources.ts';

/** The endpoints of ports 80 and 443 of one host that two ServiceEntries know, and what is said about the routes. */
function merge(second: { readonly fields?: string; readonly namespace?: string; readonly labels?: string } = {}) {
  const { fields = 'resolution: STATIC', namespace = 'shop', labels = '' } = second;
  const text = `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: a, namespace: shop}
spec: {hosts: [pay.example.com], resolution: STATIC, ports: [{number: 80, name: http, protocol: HTTP}], endpoints: [{address: 10.0.0.1}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: b, namespace: ${namespace}, labels: {${labels}}}
spec: {hosts: [pay.example.com], ${fields}, ports: [{number: 80, name: http, protocol: HTTP}, {number: 443, name: other, protocol: HTTP}], endpoints: [{address: 10.0.0.2}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw, namespace: shop}
spec: {servers: [{hosts: [a.example.com], port: {number: 80, name: http, protocol: HTTP}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec: {hosts: [a.example.com], gateways: [gw], http: [{match: [{uri: {prefix: /s}}], route: [{destination: {host: pay.example.com, port: {number: 443}}}]}, {route: [{destination: {host: pay.example.com}}]}]}
`;
  const { model, diagnostics } = translate(parseResources([{ source: 'a.yaml', text }]).resources);
  const endpoints = model.clusters.map(({ name, groups }) => [
    name,
    ...groups.flatMap((group) => group.endpoints.map(({ address }) => address)),
  ]);
  return { endpoints, codes: diagnostics.map(({ code }) => code) };
}

const FIRST = ['outbound|80||pay.example.com', '10.0.0.1:80'];
const SECOND = ['outbound|443||pay.example.com', '10.0.0.2:443'];

describe('ServiceEntries of one host', () => {
  it('add ports to the oldest, which keeps those that it has', () => {
    const { endpoints, codes } = merge();
    assert.deepEqual(endpoints.toSorted(), [SECOND, FIRST]);
    assert.deepEqual(codes, []);
  });

  const apart = {
    'another namespace': { namespace: 'other' },
    'another resolution': { fields: 'resolution: DNS' },
    'other labels': { labels: 'team: pay' },
    'another exportTo': { fields: 'resolution: STATIC, exportTo: [shop, istio-system]' },
  };
  for (const [name, second] of Object.entries(apart)) {
    it(`stay apart with ${name}: the oldest alone counts, and the port that is missing is said`, () => {
      const { endpoints, codes } = merge(second);
      assert.deepEqual(endpoints, [FIRST]);
      assert.deepEqual(codes, ['unresolved-reference']);
    });
  }
});
