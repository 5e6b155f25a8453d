import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { translate } from '../../control/translate.ts';
import type { Cluster } from '../../model/cluster.ts';
import { virtualHostsOf } from '../../model/listener.ts';
import type { Route } from '../../model/route.ts';
import { parseResources } from '../../resources/resources.ts';

const GATEWAY =
  'selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example.com]}]';
const ROUTE = 'route: [{destination: {host: cart, port: {number: 80}}}]';
const WEB = `hosts: [a.example.com], gateways: [gw], http: [{${ROUTE}}]`;

interface Shop {
  readonly gateway?: string;
  readonly web?: string;
  /** The spec of each DestinationRule beside its host. */
  readonly rules?: readonly string[];
  /** Other resources. */
  readonly more?: string;
}

interface Served {
  readonly cluster: Cluster | undefined;
  readonly routes: readonly Route[];
  readonly said: readonly string[];
}

function serve({ gateway = GATEWAY, web = WEB, rules = [], more = '' }: Shop): Served {
  const resource = (kind: string, name: string, spec: string): string =>
    `---\napiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: shop}\nspec: {${spec}}\n`;
  const text = `apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {ports: [{name: http, port: 80}, {name: other, port: 81}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: cart-1, namespace: shop, labels: {kubernetes.io/service-name: cart}}
addressType: IPv4
ports: [{name: http, port: 80}, {name: other, port: 81}]
endpoints: [{addresses: [127.0.0.9]}]
${resource('Gateway', 'gw', gateway)}${resource('VirtualService', 'web', web)}${rules
  .map((rule, index) => resource('DestinationRule', `cart-${index}`, `host: cart, ${rule}`))
  .join('')}${more}`;
  const { model, diagnostics } = translate(parseResources([{ source: 'a.yaml', text }]).resources);
  return {
    cluster: model.clusters.find(({ name }) => name.endsWith('|cart.shop.svc.cluster.local')),
    routes: model.listeners.flatMap(virtualHostsOf).flatMap(({ routes }) => routes),
    said: diagnostics.map(({ severity, message }) => `${severity}: ${message}`),
  };
}

const SIMPLE = 'tls: {mode: SIMPLE}';
const BROKEN = 'tls: {mode: SIMPEL}';

describe('TLS to endpoints that is written with a fault', () => {
  it('is there where nothing is wrong', () => {
    const { cluster, said } = serve({ rules: [`trafficPolicy: {${SIMPLE}}`] });
    assert.equal(cluster?.groups.length, 1);
    assert.notEqual(cluster.protocol.tls, null);
    assert.deepEqual(said, []);
  });

  const unreachable: readonly (readonly [what: string, ...rules: string[]])[] = [
    ['of the whole destination', `trafficPolicy: {${BROKEN}}`],
    ['in any of its fields', 'trafficPolicy: {tls: {mode: SIMPLE, subjectAltNames: cart}}'],
    ['that a rule finds', 'trafficPolicy: {tls: {mode: MUTUAL}}'],
    ['with nothing in it', 'trafficPolicy: {tls: }'],
    ['that is no block', 'trafficPolicy: {tls: SIMPLE}'],
    ['with a field that nobody knows', 'trafficPolicy: {tls: {moed: SIMPLE}}'],
    ['under a name that nobody knows', 'trafficPolicy: {TLS: {mode: SIMPLE}}'],
    ['of a port', `trafficPolicy: {portLevelSettings: [{port: {number: 80}, ${BROKEN}}]}`],
    ['of a port that is no block', `trafficPolicy: {portLevelSettings: [{port: 80, ${SIMPLE}}]}`],
    ['of a port that can not be read', `trafficPolicy: {portLevelSettings: [{port: {number: "80"}, ${SIMPLE}}]}`],
    ['in ports that are no list', `trafficPolicy: {portLevelSettings: {port: {number: 80}, ${SIMPLE}}}`],
    ['in a policy with another fault', `trafficPolicy: {proxyProtocol: {version: V3}, ${SIMPLE}}`],
    ['in a policy with a fault in its ports', `trafficPolicy: {portLevelSettings: {}, ${SIMPLE}}`],
    ['in a rule with a fault elsewhere', `exportTo: ["*", shop], trafficPolicy: {${SIMPLE}}`],
    ['in a rule that selects workloads wrongly', `workloadSelector: {matchLabels: []}, trafficPolicy: {${SIMPLE}}`],
    ['of a rule before a sound one', `trafficPolicy: {${BROKEN}}`, 'trafficPolicy: {loadBalancer: {simple: RANDOM}}'],
    ['beside PASSTHROUGH', `trafficPolicy: {loadBalancer: {simple: PASSTHROUGH}, ${BROKEN}}`],
  ];
  for (const [what, ...rules] of unreachable) {
    it(`${what}: nothing is sent`, () => {
      const { cluster, said } = serve({ rules });
      assert.deepEqual(cluster?.groups, []);
      assert.equal(cluster.discovery.kind, 'listed');
      assert.ok(
        said.some((line) => line.startsWith('error: ')),
        said.join('\n'),
      );
      assert.ok(
        said.some((line) =>
          /^warning: .* cluster outbound\|80\|\|cart\.shop\.svc\.cluster\.local has no endpoints/.test(line),
        ),
        said.join('\n'),
      );
    });
  }

  const subset = (fields: string) => ({
    web: WEB.replace('host: cart', 'host: cart, subset: v1'),
    rules: [`subsets: [{name: v1, ${fields}}]`],
  });
  it('of a subset: nothing is sent', () => {
    for (const fields of [
      `trafficPolicy: {${BROKEN}}`,
      `trafficPolicy: {portLevelSettings: [{port: {number: 80}, ${BROKEN}}]}`,
      `trafficPolicy: {proxyProtocol: 1, ${SIMPLE}}`,
    ]) {
      assert.deepEqual(serve(subset(fields)).cluster?.groups, [], fields);
    }
    assert.equal(serve(subset(`labels: {a: 5}, trafficPolicy: {${SIMPLE}}`)).cluster, undefined);
  });

  const reachable: readonly (readonly [what: string, rule: string])[] = [
    ['of another port', `trafficPolicy: {portLevelSettings: [{port: {number: 81}, ${BROKEN}}]}`],
    ['of a subset that no route names', `subsets: [{name: v1, trafficPolicy: {${BROKEN}}}]`],
    [
      'that a block of the port replaces',
      `trafficPolicy: {${BROKEN}, portLevelSettings: [{port: {number: 80}, tls: {mode: DISABLE}}]}`,
    ],
  ];
  for (const [what, rule] of reachable) {
    it(`${what}: plain text, as it is meant`, () => {
      const { cluster } = serve({ rules: [rule] });
      assert.equal(cluster?.groups.length, 1);
      assert.equal(cluster.protocol.tls, null);
    });
  }

  it('is no part of a fault in another block', () => {
    const { cluster } = serve({ rules: [`trafficPolicy: {${SIMPLE}, outlierDetection: {interval: 5}}`] });
    assert.equal(cluster?.groups.length, 1);
    assert.notEqual(cluster.protocol.tls, null);
  });
});

describe('a condition that is written with a fault', () => {
  const left: readonly (readonly [what: string, rule: string])[] = [
    ['a wrong value', `match: [{uri: {prefix: 5}}], ${ROUTE}`],
    ['an unknown field in a match', `match: [{urii: {prefix: /a}}], ${ROUTE}`],
    ['an unknown field beside others in a match', `match: [{uri: {prefix: /a}, headres: {x: {exact: y}}}], ${ROUTE}`],
    ['an unknown kind of text match', `match: [{uri: {prefx: /a}}], ${ROUTE}`],
    ['an unknown kind of header match', `match: [{headers: {x: {equals: y}}}], ${ROUTE}`],
    ['a match under an unknown name', `matches: [{uri: {prefix: /a}}], ${ROUTE}`],
    ['a match in another case', `Match: [{uri: {prefix: /a}}], ${ROUTE}`],
  ];
  for (const [what, rule] of left) {
    it(`${what}: the rule does not match more than it should`, () => {
      const { routes, said } = serve({ web: `hosts: [a.example.com], gateways: [gw], http: [{${rule}}]` });
      assert.deepEqual(routes, []);
      assert.ok(said.some((line) => line.startsWith('error: ')));
    });
  }

  it('leaves a rule alone whose other fields are unknown', () => {
    const { routes } = serve({ web: `hosts: [a.example.com], gateways: [gw], http: [{timeuot: 5s, ${ROUTE}}]` });
    assert.equal(routes.length, 1);
  });

  it('costs a stream rule, too', () => {
    const gateway = GATEWAY.replace('protocol: HTTP', 'protocol: TCP');
    const tcp = (match: string) =>
      serve({ gateway, web: `hosts: [a.example.com], gateways: [gw], tcp: [{${match}, ${ROUTE}}]` }).cluster;
    assert.notEqual(tcp('match: [{port: 80}]'), undefined);
    assert.equal(tcp('match: [{prot: 80}]'), undefined);
    assert.equal(tcp('mach: [{port: 81}]'), undefined);
  });

  it('costs an abort its rule: who is kept out by it stays out', () => {
    const fault = (fields: string) =>
      serve({ web: `hosts: [a.example.com], gateways: [gw], http: [{fault: {${fields}}, ${ROUTE}}]` }).routes.length;
    assert.equal(fault('abort: {httpStatus: 403, percentage: {value: 100}}'), 1);
    assert.equal(fault('abort: {httpStatus: 403, percentage: {value: 1000}}'), 0);
    assert.equal(fault('delay: {fixedDelay: 5, percentage: {value: 100}}'), 1);
  });

  it('costs a Gateway that says wrongly whom it selects, or all the namespaces that may see a resource', () => {
    assert.deepEqual(serve({ gateway: GATEWAY.replace('selector', 'selectors') }).routes, []);
    assert.deepEqual(serve({ web: `${WEB}, exportto: [.]` }).routes, []);
    assert.deepEqual(serve({ web: `${WEB}, exportTo: [5]` }).routes, []);
  });

  it('costs a server its place where its tls has an unknown field', () => {
    const redirect = (tls: string) =>
      serve({ gateway: GATEWAY.replace('hosts:', `tls: {${tls}}, hosts:`) }).routes.length;
    assert.equal(redirect('httpsRedirect: true'), 1);
    assert.equal(redirect('httpsRedirct: true'), 0);
  });
});

describe('cors with a fault in a delegate', () => {
  it('is not that of the root instead', () => {
    const cors = (leaf: string) => {
      const web = `hosts: [a.example.com], gateways: [gw], http: [{delegate: {name: leaf}, corsPolicy: {allowOrigins: [{regex: ".*"}]}}]`;
      const more = `---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: leaf, namespace: shop}\nspec: {http: [{${leaf}${ROUTE}}]}\n`;
      const [route] = serve({ web, more }).routes;
      return route?.action.kind === 'forward' ? route.action.cors : undefined;
    };
    assert.notEqual(cors(''), null);
    assert.notEqual(cors('corsPolicy: {allowOrigins: [{exact: "https://a"}]}, '), null);
    assert.equal(cors('corsPolicy: {allowOrigins: [{exact: 5}]}, '), null);
  });
});
