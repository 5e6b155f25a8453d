import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type TranslateOptions, translate } from '../../control/translate.ts';
import { virtualHostsOf } from '../../model/listener.ts';
import { parseResources } from '../../resources/resources.ts';

/** A resource as `kind namespace/name`, with the fields of its spec. */
type Written = readonly [id: string, spec: string];

const GATEWAY: Written = [
  'Gateway infra/edge',
  'servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: [a.example.com]}]',
];

function serve(resources: readonly Written[], options: TranslateOptions = {}): { names: string[]; said: string[] } {
  const text = resources
    .map(([id, spec]) => {
      const [, kind, namespace, name] = /^(\w+) (\w+)\/([\w-]+)$/.exec(id) ?? [];
      return `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: {name: ${name}, namespace: ${namespace}}\nspec: {${spec}}\n`;
    })
    .join('---\n');
  const { model, diagnostics } = translate(parseResources([{ source: 'a.yaml', text }]).resources, options);
  const hosts = model.listeners.flatMap(virtualHostsOf);
  return {
    names: hosts.flatMap(({ routes }) => routes.map(({ name }) => name)),
    said: diagnostics.map(({ message }) => message),
  };
}

const respond = (name: string, more = '') => `{name: ${name}, ${more} directResponse: {status: 200}}`;
const root = (http: string, more = ''): string =>
  `hosts: [a.example.com], gateways: [infra/edge], http: [${http}]${more}`;

describe('delegates', () => {
  const delegating = `{name: root, delegate: {name: leaf, namespace: shop}}`;
  const leaf = (gateways: string): Written => [
    'VirtualService shop/leaf',
    `http: [${respond('leaf', `match: [{gateways: [${gateways}]}],`)}]`,
  ];

  it('name gateways from their own namespace', () => {
    assert.deepEqual(serve([GATEWAY, ['VirtualService infra/web', root(delegating)], leaf('edge')]).names, []);
    assert.deepEqual(serve([GATEWAY, ['VirtualService infra/web', root(delegating)], leaf('infra/edge')]).names, [
      'root-leaf',
    ]);
  });

  it('lie within a root that names the same gateway otherwise', () => {
    const within = `{name: root, match: [{gateways: [edge]}], delegate: {name: leaf, namespace: shop}}`;
    assert.deepEqual(serve([GATEWAY, ['VirtualService infra/web', root(within)], leaf('infra/edge')]).names, [
      'root-leaf',
    ]);
  });

  it('have no hosts', () => {
    const { names, said } = serve([
      GATEWAY,
      ['VirtualService infra/web', root('{delegate: {name: other}}')],
      ['VirtualService infra/other', `hosts: [b.example.com], gateways: [edge], http: [${respond('other')}]`],
    ]);
    assert.deepEqual(names, []);
    assert.ok(said.includes('VirtualService infra/other has hosts of its own, so nothing can be delegated to it'));
  });

  it('that go in a circle are told once for each that does', () => {
    const { said } = serve([
      GATEWAY,
      ['VirtualService infra/web', root('{delegate: {name: web}}')],
      ['VirtualService infra/a', root('{delegate: {name: b}}')],
      ['VirtualService infra/b', 'http: [{delegate: {name: a}}]'],
    ]);
    assert.deepEqual(
      said.filter((line) => /delegate/.test(line)),
      [
        'VirtualService infra/web has hosts of its own, so nothing can be delegated to it',
        'spec.http[0].delegate must not be set here: a delegate includes no other',
      ],
    );
  });
});

describe('a match that names gateways', () => {
  it('does not look at the labels and the namespace of the gateway', () => {
    const http = (more: string): string => respond('one', `match: [{sourceLabels: {app: other}, ${more}}],`);
    assert.deepEqual(serve([GATEWAY, ['VirtualService infra/web', root(http('gateways: [edge]'))]]).names, ['one']);
    assert.deepEqual(serve([GATEWAY, ['VirtualService infra/web', root(http('name: x'))]]).names, []);
    assert.deepEqual(serve([GATEWAY, ['VirtualService infra/web', root(http('gateways: [mesh]'))]]).names, []);
  });
});

describe('VirtualServices of one host', () => {
  it("stand in the order of who sees them: the gateway's own, those exported to it, all others", () => {
    const one = (name: string, exportTo: string): string =>
      root(respond(name, `match: [{uri: {prefix: /${name}}}],`), `, exportTo: [${exportTo}]`);
    const { names } = serve(
      [
        GATEWAY,
        ['VirtualService infra/a', one('a', '"*"')],
        ['VirtualService shop/b', one('b', 'infra, shop')],
        ['VirtualService infra/c', one('c', '"."')],
        ['VirtualService infra/d', one('d', '., shop')],
        ['VirtualService infra/e', one('e', 'shop, infra')],
      ],
      { istio: { namespace: 'infra' } },
    );
    assert.deepEqual(names, ['c', 'd', 'e', 'b', 'a']);
  });
});
