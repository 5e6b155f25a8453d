import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DiagnosticSink } from '../../diagnostics/sink.ts';
import { parseResources } from '../resources.ts';
import { createKubernetes, type Kubernetes } from './kubernetes.ts';
import { emitServingGroups } from './serving-groups.ts';

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {ports: [{name: http, port: 80, targetPort: 8080}, {name: admin, port: 81}]}
`;

function slice(name: string, rest: string, labels = '{kubernetes.io/service-name: cart}'): string {
  return `apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: ${name}, namespace: shop, labels: ${labels}}\n${rest}`;
}

function load(...documents: string[]): { kubernetes: Kubernetes; found: string[] } {
  const { resources } = parseResources([{ source: 'a.yaml', text: documents.join('---\n') }]);
  const sink = new DiagnosticSink();
  const kubernetes = createKubernetes(resources, sink);
  return { kubernetes, found: sink.sorted().map(({ severity, code, message }) => `${severity} ${code}: ${message}`) };
}

function addressesOf(kubernetes: Kubernetes, portName = 'http'): string[] {
  const service = kubernetes.service('shop', 'cart');
  const port = service?.ports.find(({ name }) => name === portName);
  assert.ok(service && port);
  return kubernetes.endpoints(service, port).map(({ address }) => address);
}

describe('createKubernetes', () => {
  it('joins the slices of a Service by name and lists each address once', () => {
    const { kubernetes, found } = load(
      SERVICE,
      slice(
        'b',
        'addressType: IPv4\nports: [{name: http, port: 8080}]\nendpoints: [{addresses: [10.0.0.3]}, {addresses: [10.0.0.1]}]\n',
      ),
      slice(
        'a',
        'addressType: IPv4\nports: [{name: http, port: 8080}]\nendpoints: [{addresses: [10.0.0.2]}, {addresses: [10.0.0.1, 10.9.9.9]}]\n',
      ),
    );
    assert.deepEqual(addressesOf(kubernetes), ['10.0.0.2:8080', '10.0.0.1:8080', '10.0.0.3:8080']);
    assert.deepEqual(found, []);
  });

  it('finds the port of a slice by the name of the Service port, whatever its number', () => {
    const { kubernetes } = load(
      SERVICE,
      slice(
        'a',
        'addressType: IPv4\nports: [{name: admin, port: 9}, {name: http, port: 7}]\nendpoints: [{addresses: [10.0.0.1]}]\n',
      ),
      slice('b', 'addressType: IPv4\nports: [{name: http, port: 6}]\nendpoints: [{addresses: [10.0.0.2]}]\n'),
    );
    assert.deepEqual(addressesOf(kubernetes, 'http'), ['10.0.0.1:7', '10.0.0.2:6']);
    assert.deepEqual(addressesOf(kubernetes, 'admin'), ['10.0.0.1:9']);
  });

  it('lists a pod of a dual-stack Service once, in the family the Service prefers', () => {
    const slices = [
      slice('four', 'addressType: IPv4\nports: [{name: http, port: 1}]\nendpoints: [{addresses: [10.0.0.1]}]\n'),
      slice('six', 'addressType: IPv6\nports: [{name: http, port: 1}]\nendpoints: [{addresses: ["2001:DB8::1"]}]\n'),
    ];
    assert.deepEqual(addressesOf(load(SERVICE, ...slices).kubernetes), ['10.0.0.1:1']);
    const preferring = SERVICE.replace('spec: {', 'spec: {ipFamilies: [IPv6, IPv4], ');
    assert.deepEqual(addressesOf(load(preferring, ...slices).kubernetes), ['[2001:db8::1]:1']);
  });

  it('reads Endpoints only where no slice is', () => {
    const endpoints = `apiVersion: v1
kind: Endpoints
metadata: {name: cart, namespace: shop}
subsets:
- addresses: [{ip: 10.0.0.7, targetRef: {kind: Pod, name: p, uid: u}}]
  notReadyAddresses: [{ip: 10.0.0.8}]
  ports: [{name: http, port: 8080}]
`;
    const { kubernetes } = load(SERVICE, endpoints);
    assert.deepEqual(addressesOf(kubernetes), ['10.0.0.7:8080', '10.0.0.8:8080']);
    const service = kubernetes.service('shop', 'cart');
    const [first, second] = kubernetes.endpoints(service!, service!.ports[0]!);
    assert.deepEqual(first?.identity, { uid: 'u', namespace: 'shop', name: 'p' });
    assert.deepEqual([first?.ready, second?.ready], [true, false]);
    const slices = slice('a', 'addressType: IPv4\nports: [{name: http, port: 8080}]\nendpoints: []\n');
    assert.deepEqual(addressesOf(load(SERVICE, endpoints, slices).kubernetes), []);
  });

  it('takes labels and uid from the pod, and the locality from its node', () => {
    const { kubernetes } = load(
      SERVICE,
      slice(
        'a',
        'addressType: IPv4\nports: [{name: http, port: 1}]\nendpoints: [{addresses: [10.0.0.1], nodeName: n, targetRef: {kind: Pod, name: p, namespace: shop}}]\n',
      ),
      'apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop, uid: u-1, labels: {version: v1}}\n',
      'apiVersion: v1\nkind: Node\nmetadata: {name: n, labels: {topology.kubernetes.io/region: eu, topology.kubernetes.io/zone: eu-a}}\n',
    );
    const service = kubernetes.service('shop', 'cart');
    const [endpoint] = kubernetes.endpoints(service!, service!.ports[0]!);
    assert.deepEqual(endpoint?.identity, { uid: 'u-1', namespace: 'shop', name: 'p' });
    assert.equal(endpoint?.labels['version'], 'v1');
    assert.deepEqual(kubernetes.nodeLocality(endpoint?.nodeName ?? ''), { region: 'eu', zone: 'eu-a', subZone: '' });
  });

  it('leaves out an endpoint whose address is none, and a slice of names, and says so', () => {
    const { kubernetes, found } = load(
      SERVICE,
      slice(
        'a',
        'addressType: IPv4\nports: [{name: http, port: 1}]\nendpoints: [{addresses: [10.0.0.300]}, {addresses: ["::1"]}, {addresses: []}, {addresses: [10.0.0.1]}]\n',
      ),
      slice('b', 'addressType: FQDN\nports: [{name: http, port: 1}]\nendpoints: [{addresses: [a.example]}]\n'),
      slice('c', 'addressType: IPv4\nports: []\nendpoints: []\n', '{}'),
    );
    assert.deepEqual(addressesOf(kubernetes), ['10.0.0.1:1']);
    assert.deepEqual(
      found.map((line) => line.split(':')[0]),
      [
        'error invalid-field',
        'error invalid-field',
        'error invalid-field',
        'warning unsupported-field',
        'note ignored-field',
      ],
    );
  });

  it('drops only the port of a Service that is wrong', () => {
    const { kubernetes, found } = load(SERVICE.replace('port: 81', 'port: 0'));
    assert.deepEqual(
      kubernetes.service('shop', 'cart')?.ports.map(({ port }) => port),
      [80],
    );
    assert.equal(found.length, 1);
  });
});

describe('emitServingGroups', () => {
  it('serves what is ready, drains what still serves while it ends, and leaves the rest out', () => {
    const rows = [
      ['{}', 'healthy'],
      ['{ready: true}', 'healthy'],
      ['{ready: true, terminating: true}', 'healthy'],
      ['{ready: false}', null],
      ['{ready: false, serving: true, terminating: true}', 'draining'],
      ['{ready: false, serving: true, terminating: false}', null],
      ['{ready: false, serving: false, terminating: true}', null],
      ['{ready: false, terminating: true}', null],
    ] as const;
    for (const [conditions, health] of rows) {
      const { kubernetes } = load(
        SERVICE,
        slice(
          'a',
          `addressType: IPv4\nports: [{name: http, port: 1}]\nendpoints: [{addresses: [10.0.0.1], conditions: ${conditions}}]\n`,
        ),
      );
      const service = kubernetes.service('shop', 'cart');
      const groups = emitServingGroups(kubernetes.endpoints(service!, service!.ports[0]!), kubernetes);
      assert.equal(groups[0]?.endpoints[0]?.health ?? null, health, conditions);
    }
  });
});
