import { describeRules } from '../../../test/support/marked-rules.ts';

const meta = 'apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: legacy, namespace: shop}\n';
const HTTP = 'ports: [{number: 80, name: http, protocol: HTTP}]';
const entry = (fields: string): string => `${meta}spec: {${fields}}\n`;

describeRules('ServiceEntry', entry, [
  ['addresses', `hosts: [a.internal], ${HTTP}, resolution: STATIC, endpoints: [{address: 10.0.0.1}]`],
  ['no endpoints', `hosts: [a.internal], ${HTTP}, resolution: STATIC`],
  ['no ports', 'hosts: [a.internal]'],
  ['an unknown field', `hosts: [a.internal], ${HTTP}, ‹endpoint: []`],
  ['an empty list of hosts', `hosts: ‹[], ${HTTP}`],
  ['every host', `hosts: [‹"*"], ${HTTP}`],
  ['a host with a port', `hosts: [‹"a.internal:80"], ${HTTP}`],
  ['a wildcard within a label is only a warning', `hosts: ["*a.internal"], ${HTTP}`],
  ['an unknown resolution', `hosts: [a.internal], ${HTTP}, resolution: ‹STRICT_DNS`],
  ['an unknown location', `hosts: [a.internal], ${HTTP}, location: ‹OUTSIDE`],
  [
    'endpoints and a selector',
    `hosts: [a.internal], ${HTTP}, resolution: STATIC, workloadSelector: {labels: {a: b}}, ‹endpoints: [{address: 10.0.0.1}]`,
  ],
  [
    'a selector with a wildcard',
    `hosts: [a.internal], ${HTTP}, resolution: STATIC, workloadSelector: {labels: {a: ‹"*"}}`,
  ],
  ['a hidden entry', `hosts: [a.internal], ${HTTP}, exportTo: ["~"]`],
  ['hidden from some', `hosts: [a.internal], ${HTTP}, exportTo: [‹"~", a]`],
]);

describeRules('ServiceEntry: addresses', (fields) => entry(`hosts: [a.internal], ${HTTP}, ${fields}`), [
  ['an address', 'addresses: [10.0.0.1]'],
  ['a range', 'addresses: [10.0.0.0/8]'],
  ['a range that is none', 'addresses: [‹10.0.0.0/33]'],
  ['a name', 'addresses: [‹a.internal]'],
  ['a range with DNS', 'addresses: [‹10.0.0.0/8], resolution: DNS'],
]);

describeRules('ServiceEntry: ports', (ports) => entry(`hosts: [a.internal], ports: ${ports}`), [
  ['TCP without addresses is only a warning', '[{number: 80, name: tcp}]'],
  ['no name', '[‹{number: 80}]'],
  ['a name with a dot', '[{number: 80, name: ‹a.b}]'],
  ['no number', '[‹{name: http}]'],
  ['0', '[{number: ‹0, name: http}]'],
  ['a target of 0', '[{number: 80, name: http, targetPort: ‹0}]'],
  ['a target of 70000', '[{number: 80, name: http, targetPort: ‹70000}]'],
  ['an unknown protocol', '[{number: 80, name: http, protocol: ‹SPDY}]'],
  ['a number twice', '[{number: 80, name: a}, {number: ‹80, name: b}]'],
  ['a name twice', '[{number: 80, name: a}, {number: 81, name: ‹a}]'],
]);

describeRules('ServiceEntry: endpoints', (fields) => entry(`hosts: [a.internal], ${HTTP}, ${fields}`), [
  ['with NONE', '‹endpoints: [{address: 10.0.0.1}]'],
  ['a name with STATIC', 'resolution: STATIC, endpoints: [{address: ‹a.example.com}]'],
  ['a name with DNS', 'resolution: DNS, endpoints: [{address: a.example.com}]'],
  ['no name with DNS', 'resolution: DNS, endpoints: [{address: ‹"a b"}]'],
  ['no address', 'resolution: STATIC, endpoints: [‹{weight: 1}]'],
  ['a network for an address', 'resolution: STATIC, endpoints: [{network: n}]'],
  ['a port that is not there', 'resolution: STATIC, endpoints: [{address: 10.0.0.1, ports: {‹https: 443}}]'],
  ['a port of 0', 'resolution: STATIC, endpoints: [{address: 10.0.0.1, ports: {http: ‹0}}]'],
  ['a label with a blank', 'resolution: STATIC, endpoints: [{address: 10.0.0.1, labels: {a: ‹"b c"}}]'],
  ['a negative weight', 'resolution: STATIC, endpoints: [{address: 10.0.0.1, weight: ‹-1}]'],
  ['a socket', 'resolution: STATIC, endpoints: [{address: "unix:///run/a"}]'],
  ['a socket with ports', 'resolution: STATIC, endpoints: [{address: "unix:///run/a", ‹ports: {http: 80}}]'],
  ['a folder', 'resolution: STATIC, endpoints: [{address: ‹"unix:///run/"}]'],
  ['two for a round robin', 'resolution: DNS_ROUND_ROBIN, ‹endpoints: [{address: a.b}, {address: b.c}]'],
]);

describeRules('ServiceEntry: hosts and ports together', entry, [
  [
    'several hosts of TCP',
    'hosts: [a.internal, b.internal], ports: [{number: 80, name: tcp, protocol: ‹TCP}], resolution: STATIC',
  ],
  [
    'several hosts without a protocol',
    'hosts: [a.internal, b.internal], ports: [‹{number: 80, name: tcp}], resolution: STATIC',
  ],
  [
    'several hosts of TLS',
    'hosts: [a.internal, b.internal], ports: [{number: 80, name: tls, protocol: TLS}], resolution: STATIC',
  ],
  ['a wildcard asked for by DNS', `hosts: [‹"*.internal"], ${HTTP}, resolution: DNS`],
  ['a wildcard resolved by request', `hosts: ["*.internal"], ${HTTP}, resolution: DYNAMIC_DNS`],
  ['a name resolved by request', `hosts: [‹a.internal], ${HTTP}, resolution: DYNAMIC_DNS`],
  ['endpoints beside it', `hosts: ["*.internal"], ${HTTP}, resolution: DYNAMIC_DNS, ‹endpoints: [{address: 10.0.0.1}]`],
  ['addresses beside it', `hosts: ["*.internal"], ${HTTP}, resolution: DYNAMIC_DNS, ‹addresses: [10.0.0.1]`],
  ['TCP beside it', 'hosts: ["*.internal"], ports: [{number: 80, name: t, protocol: ‹TCP}], resolution: DYNAMIC_DNS'],
]);

const workload = 'apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: vm, namespace: shop}\n';

describeRules('WorkloadEntry', (spec) => `${workload}spec: ${spec}\n`, [
  ['an address', '{address: 10.0.0.1, ports: {http: 80}, labels: {app: a}}'],
  ['a name', '{address: vm.example.com}'],
  ['no address', '‹{labels: {app: a}}'],
  ['an empty address', '{address: ‹""}'],
  ['no name', '{address: ‹"a b"}'],
  ['a port of 70000', '{address: 10.0.0.1, ports: {http: ‹70000}}'],
  ['a port as text', '{address: 10.0.0.1, ports: {http: ‹"80"}}'],
  ['a port without a name', '{address: 10.0.0.1, ports: {‹"a b": 80}}'],
  ['a label with a blank', '{address: 10.0.0.1, labels: {app: ‹"a b"}}'],
  ['an unknown field', '{address: 10.0.0.1, ‹port: 80}'],
  ['a socket with ports', '{address: "unix:///run/a", ‹ports: {http: 80}}'],
]);
