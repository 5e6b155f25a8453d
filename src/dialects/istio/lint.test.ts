import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type TranslateOptions, translate } from '../../control/translate.ts';
import { parseResources } from '../../resources/resources.ts';

const SHOP = `apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw, namespace: shop}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example.com]}]}
`;

interface Shop {
  readonly policy: string;
  readonly match?: string;
  /** Items of `subsets`. */
  readonly subsets?: string;
  /** Of the route's destination. */
  readonly subset?: string;
  readonly options?: TranslateOptions;
}

/** The codes of the warnings about one DestinationRule on one route. */
function lint({ policy, match = '', subsets = '', subset = '', options = {} }: Shop): string[] {
  const rule = `${match === '' ? '' : `match: [${match}], `}route: [{destination: {host: cart, subset: "${subset}"}}]`;
  const text = `${SHOP}---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec: {hosts: [a.example.com], gateways: [gw], http: [{${rule}}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec: {host: cart, trafficPolicy: {${policy}}, subsets: [${subsets}]}
`;
  const { diagnostics } = translate(parseResources([{ source: 'a.yaml', text }]).resources, options);
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error'),
    [],
  );
  return diagnostics.map(({ code }) => code).filter((code) => code !== 'no-endpoints');
}

function cookie(fields: string): string {
  return `loadBalancer: {consistentHash: {httpCookie: {ttl: 0s, ${fields}}}}`;
}

describe('lintIstio: cookie paths', () => {
  const cases: readonly (readonly [match: string, path: string, isReturned: boolean])[] = [
    ['', '/anything', true],
    ['{headers: {x: {exact: a}}}', '/anything', true],
    ['{uri: {prefix: /}}', '/app', true],
    ['{uri: {prefix: /app}}', '/', true],
    ['{uri: {prefix: /app}}', '/app', true],
    ['{uri: {prefix: /app}}', '/app/', true],
    ['{uri: {prefix: /app}}', '/app/deeper', true],
    ['{uri: {prefix: /app/deeper}}', '/app', true],
    ['{uri: {prefix: /application}}', '/app', false],
    ['{uri: {prefix: /app}}', '/shop', false],
    ['{uri: {exact: /app}}', '/app', true],
    ['{uri: {exact: /app}}', '/app/', false],
    ['{uri: {exact: /app/a}}', '/app', true],
    ['{uri: {exact: /application}}', '/app', false],
    ['{uri: {exact: /app}}, {uri: {prefix: /shop}}', '/shop', true],
    ['{uri: {regex: "/x.*"}}', '/shop', true],
    ['{uri: {prefix: /app}}', 'shop', true],
  ];
  for (const [match, path, isReturned] of cases) {
    it(`${path} ${isReturned ? 'is' : 'is never'} sent back on ${match || 'every path'}`, () => {
      const found = lint({ policy: cookie(`name: GW, path: ${path}`), match });
      assert.deepEqual(found, isReturned ? [] : ['cookie-path']);
    });
  }
});

describe('lintIstio: cookies that browsers drop', () => {
  const cases: readonly (readonly [fields: string, count: number])[] = [
    ['name: GW, attributes: [{name: SameSite, value: Lax}]', 0],
    ['name: GW, attributes: [{name: samesite, value: none}]', 1],
    ['name: GW, attributes: [{name: SameSite, value: None}, {name: secure}]', 0],
    ['name: GW, attributes: [{name: Partitioned}]', 1],
    ['name: GW, attributes: [{name: Partitioned}, {name: Secure}]', 0],
    ['name: __Secure-GW', 1],
    ['name: __Secure-GW, attributes: [{name: Secure}]', 0],
    ['name: __Host-GW, path: /, attributes: [{name: Secure}]', 0],
    ['name: __Host-GW, attributes: [{name: Secure}]', 1],
    ['name: __Host-GW', 2],
    ['name: __Host-GW, path: /, attributes: [{name: Secure}, {name: Domain, value: example.com}]', 1],
  ];
  for (const [fields, count] of cases) {
    it(`${fields}: ${count}`, () => {
      const found = lint({ policy: cookie(fields) });
      assert.deepEqual(found, new Array(count > 0 ? found.length : 0).fill('rejected-cookie'));
      assert.equal(found.length, count);
    });
  }
});

describe('lintIstio: a hash beside outlier detection', () => {
  const outlier = 'outlierDetection: {consecutive5xxErrors: 3}';
  it('is fine where locality load balancing is off', () => {
    assert.deepEqual(lint({ policy: `${cookie('name: GW')}, ${outlier}` }), ['hash-with-ejection']);
    const off = cookie('name: GW').replace(/}$/, ', localityLbSetting: {enabled: false}}');
    assert.deepEqual(lint({ policy: `${off}, ${outlier}` }), []);
    assert.deepEqual(lint({ policy: `loadBalancer: {simple: RANDOM}, ${outlier}` }), []);
  });
});

describe('lintIstio: hashes that get lost', () => {
  const hash = cookie('name: GW');
  const plain = 'loadBalancer: {simple: RANDOM}';
  const port = (fields: string) => `portLevelSettings: [{port: {number: 80}, ${fields}}]`;
  const cases: readonly (readonly [what: string, policy: string, own: string, found: readonly string[]])[] = [
    ['a subset over the destination', hash, plain, ['lost-hash']],
    ['a subset with nothing of it', hash, 'connectionPool: {tcp: {maxConnections: 1}}', []],
    ['a subset with a hash of its own', hash, hash, []],
    ["a subset over the destination's port", port(hash), plain, ['lost-hash']],
    ["a subset's port over the destination's port", port(hash), port(plain), ['lost-hash']],
    ["a subset's port without a load balancer", port(hash), port('tls: {mode: DISABLE}'), ['lost-hash']],
    ["a subset's port over its subset", plain, `${hash}, ${port(plain)}`, ['lost-hash']],
    ["a subset's port with a hash of its own", port(hash), port(hash), ['bettered']],
    ["a subset's port where the destination's has none", `${hash}, ${port(plain)}`, port(plain), ['lost-hash']],
    ["a subset's port of another number", port(hash), port(plain).replace('80', '81'), ['bettered']],
  ];
  for (const [what, policy, own, found] of cases) {
    it(`${what}: ${found.join() || 'nothing'}`, () => {
      const subsets = `{name: v1, trafficPolicy: {${own}}}`;
      assert.deepEqual(lint({ policy, subsets, subset: 'v1' }), found);
    });
  }
});
