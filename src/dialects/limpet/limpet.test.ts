import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseAllDocuments, stringify } from 'yaml';
import { translate } from '../../control/translate.ts';
import { parseResources } from '../../resources/resources.ts';
import { sessionPolicySpec } from './schema-session-policy.ts';

const text = readFileSync(join(import.meta.dirname, 'testdata/istio.in.yaml'), 'utf8');
const documents = parseAllDocuments(text).map((document) => document.toJS() as Record<string, unknown>);
const others = documents.filter(({ kind }) => kind !== 'SessionPolicy');

const FIELDS = Object.keys((sessionPolicySpec as unknown as { entries: object }).entries);
const WORDS = [
  ...FIELDS,
  'cookie',
  'header',
  'name',
  'path',
  'fail',
  'sourceIp',
  'kind',
  'group',
  'Service',
  'cart',
  'pay',
];
const word = fc.constantFrom(
  ...WORDS,
  '/',
  '30m',
  'sealed',
  '__Host-a',
  'VirtualService',
  'networking.istio.io',
  'shop',
  '',
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    word,
    fc.constantFrom<unknown>(null, true, 0, 1, 80, -1, 1.5),
    fc.dictionary(word, tie('value'), { maxKeys: 4 }),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
}));

function policy(name: string, spec: unknown): object {
  return { apiVersion: 'limpet.dev/v1alpha1', kind: 'SessionPolicy', metadata: { name, namespace: 'shop' }, spec };
}

describe('resolveSessionPolicies', () => {
  it('says what is wrong with any policy, and never throws', () => {
    const specs = fc.oneof(value, fc.dictionary(fc.constantFrom(...FIELDS), value));
    fc.assert(
      fc.property(specs, (spec) => {
        const source = [...others, policy('any', spec)].map((document) => stringify(document)).join('---\n');
        const { resources } = parseResources([{ source: 'a.yaml', text: source }]);
        const { model, diagnostics } = translate(resources);
        const isAttached = JSON.stringify(model).includes('"SessionPolicy"');
        assert.ok(isAttached || diagnostics.length > 0);
      }),
      { numRuns: 150 },
    );
  });

  it('warns of a cookie whose routes do not all have the same services', () => {
    const split = { destination: { host: 'pay', port: { number: 80 } }, weight: 10 };
    const rule = (prefix: string, ...route: unknown[]): object => ({ match: [{ uri: { prefix } }], route });
    const cart = { destination: { host: 'cart', port: { number: 80 } } };
    const conflicts = (...http: object[]): string[] => {
      const gateway = {
        apiVersion: 'networking.istio.io/v1',
        kind: 'Gateway',
        metadata: { name: 'edge', namespace: 'shop' },
        spec: { servers: [{ hosts: ['*'], port: { number: 80, name: 'http', protocol: 'HTTP' } }] },
      };
      const routes = {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: 'all', namespace: 'shop' },
        spec: { hosts: ['shop.example'], gateways: ['edge'], http },
      };
      const services = ['cart', 'pay'].map((name) => ({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name, namespace: 'shop' },
        spec: { ports: [{ name: 'http', port: 80 }] },
      }));
      const targetRefs = [{ group: 'networking.istio.io', kind: 'VirtualService', name: 'all' }];
      const session = policy('all', { targetRefs, carrier: [{ cookie: { name: 'sid' } }] });
      const source = [gateway, routes, ...services, session].map((document) => stringify(document)).join('---\n');
      const { resources } = parseResources([{ source: 'a.yaml', text: source }]);
      const { diagnostics } = translate(resources);
      return diagnostics.filter(({ code }) => code === 'conflict').map(({ message }) => message);
    };
    const both = [{ ...cart, weight: 90 }, split];
    assert.deepEqual(conflicts(rule('/a', ...both), rule('/', ...both)), []);
    assert.deepEqual(conflicts(rule('/a', cart), rule('/', cart)), []);
    for (const http of [
      [rule('/a', ...both), rule('/', cart)],
      [rule('/a', cart), rule('/', ...both)],
    ]) {
      const [message, ...more] = conflicts(...http);
      assert.match(message ?? '', /the cookie sid carries the sessions of .*only one of them has the pods of all/);
      assert.deepEqual(more, []);
    }
    const [apart] = conflicts(rule('/a', cart), rule('/', { ...split, weight: 100 }));
    assert.match(apart ?? '', / in turn$/);
  });
});
