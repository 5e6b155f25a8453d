import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { translate } from '../../control/translate.ts';
import { parseResources } from '../../resources/resources.ts';

/** `namespace/name`, older ones first, with the fields beside `trafficPolicy`; the policy allows as many connections as its place says. */
type Rule = readonly [id: string, fields?: string, hasPolicy?: boolean];

/** Which rule's policy counts for shop/cart at a gateway of a namespace, by its place in the list; null: none. */
function chosen(gateway: string, rules: readonly Rule[], subset = ''): number | null {
  const written = rules.map(([id, fields = '', hasPolicy = true], index) => {
    const [namespace, name] = id.split('/');
    const policy = hasPolicy ? `, trafficPolicy: {connectionPool: {tcp: {maxConnections: ${index + 1}}}}` : '';
    const host = fields.includes('host:') ? '' : 'host: cart.shop.svc.cluster.local, ';
    return `---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}, namespace: ${namespace}, creationTimestamp: "2026-01-0${index + 1}T00:00:00Z"}
spec: {${host}${fields === '' ? 'subsets: []' : fields}${policy}}
`;
  });
  const text = `apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec: {hosts: ["*"], gateways: [edge], http: [{route: [{destination: {host: cart, subset: "${subset}"}}]}]}
${written.join('')}`;
  const { model } = translate(parseResources([{ source: 'a.yaml', text }]).resources, {
    istio: { namespace: gateway },
  });
  const max = model.clusters.find(({ name }) => name.startsWith('outbound|80|'))?.circuitBreakers.maxConnections;
  return max == null ? null : max - 1;
}

const TO_ALL = 'exportTo: ["*"]';
const selector = (label: string): string => `workloadSelector: {matchLabels: {${label}}}`;

describe('the DestinationRule that counts, as istiod 1.30 finds it', () => {
  const cases: readonly (readonly [what: string, gateway: string, rules: readonly Rule[], expected: number | null])[] =
    [
      ['the older of two that are merged', 'infra', [['shop/a'], ['shop/b']], 0],
      ['the last of those that are seen by others as it is written', 'infra', [['shop/a'], ['shop/b', TO_ALL]], 1],
      [
        'the exact host alone, though it is not exported here',
        'infra',
        [
          ['shop/a', 'exportTo: [mars, venus]'],
          ['shop/b', 'host: "*.shop.svc.cluster.local"'],
        ],
        null,
      ],
      ['one that selects the gateway', 'shop', [['shop/a'], ['shop/b', selector('istio: ingressgateway')]], 1],
      [
        'the one without a selector where the other selects others',
        'shop',
        [['shop/a'], ['shop/b', selector('istio: other')]],
        0,
      ],
      [
        'nothing of another namespace, where the own one has a rule for others',
        'infra',
        [['infra/a', selector('istio: other')], ['shop/b']],
        null,
      ],
      ['none with a selector from another namespace', 'infra', [['shop/a', selector('istio: ingressgateway')]], null],
      [
        'the policy of one without a selector that is private, too, for one that has none',
        'shop',
        [
          ['shop/a', selector('istio: ingressgateway'), false],
          ['shop/b', 'exportTo: ["."]'],
        ],
        1,
      ],
      ['the private one of the root namespace', 'istio-system', [['istio-system/a', 'exportTo: ["."]'], ['shop/b']], 0],
      [
        'the exported one of the service before that of the root namespace',
        'istio-system',
        [['istio-system/a'], ['shop/b']],
        1,
      ],
    ];
  for (const [what, gateway, rules, expected] of cases) {
    it(what, () => assert.equal(chosen(gateway, rules), expected));
  }
});
