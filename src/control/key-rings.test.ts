import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { formatKeyEntries } from '../affinity/token/key-ring-text.ts';
import { hasErrors } from '../diagnostics/diagnostic.ts';
import { renderDiagnostic } from '../diagnostics/render.ts';
import { virtualHostsOf } from '../model/listener.ts';
import type { Snapshot } from '../model/model.ts';
import type { StrongToken } from '../model/strong-session.ts';
import { type Control, createControl, type Outcome } from './control.ts';

const SHOP = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: ["*"]
  gateways: [edge]
  http: [{route: [{destination: {host: web}}]}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: limpet.dev/v1alpha1
kind: SessionPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRefs: [{kind: Service, name: web}]
  carrier: [{cookie: {name: sid}}]
  keys: {secretRef: {name: keys}}
`;

/** Keys as a Secret holds them; what they must never be seen as; and their ids. */
interface Keys {
  readonly text: string;
  readonly forms: readonly string[];
}

function makeKeys(count: number): Keys {
  const secrets = Array.from({ length: count }, () => randomBytes(32));
  const text = formatKeyEntries(secrets.map((secret) => ({ secret, sealsFromSeconds: 1 })));
  const encodings = ['base64', 'base64url', 'hex', 'latin1'] as const;
  const forms = secrets.flatMap((secret) => encodings.map((encoding) => secret.toString(encoding)));
  return { text, forms: [...forms, Buffer.from(text).toString('base64')] };
}

function secret(field: 'data' | 'stringData', value: string, key = 'keys.json'): string {
  const written = field === 'data' ? Buffer.from(value).toString('base64') : value;
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'keys', namespace: 'shop' },
    [field]: { [key]: written },
  });
}

interface Bench {
  readonly control: Control;
  readonly texts: Map<string, string>;
  readonly published: { readonly snapshot: Snapshot; readonly keyRings: ReadonlyMap<string, string> }[];
}

function createBench(secretText: string): Bench {
  const texts = new Map([
    ['shop.yaml', SHOP],
    ['secret.yaml', secretText],
  ]);
  const published: Bench['published'] = [];
  const read = async () => ({ texts: [...texts].map(([source, text]) => ({ source, text })), diagnostics: [] });
  const control = createControl({
    sources: [{ read }],
    now: () => 1234,
    onPublish: (snapshot, keyRings) => void published.push({ snapshot, keyRings }),
    onOutcome: () => {},
  });
  return { control, texts, published };
}

/** Everything of an outcome that anything prints. */
function printed({ snapshot, diagnostics }: Outcome, texts: ReadonlyMap<string, string>): string {
  const remarks = diagnostics.map((one) => renderDiagnostic(one, texts.get(one.location.source)));
  return `${JSON.stringify(snapshot)}\n${JSON.stringify(diagnostics)}\n${remarks.join('\n')}`;
}

function tokenOf(snapshot: Snapshot | null): StrongToken | null {
  const [route] = snapshot?.model.listeners.flatMap(virtualHostsOf).flatMap(({ routes }) => routes) ?? [];
  if (route?.action.kind !== 'forward' || route.action.affinity.kind !== 'strongSession') return null;
  return route.action.affinity.session.token;
}

describe('session keys of a Secret', () => {
  for (const field of ['data', 'stringData'] as const) {
    it(`reach the data plane from ${field}, and nothing that is printed`, async () => {
      const keys = makeKeys(2);
      const { control, texts, published } = createBench(secret(field, keys.text));
      const outcome = await control.reload();
      assert.deepEqual(published[0]?.keyRings, new Map([['secret:shop/keys', keys.text]]));
      const token = tokenOf(outcome.snapshot);
      assert.ok(token?.kind === 'sealed');
      assert.deepEqual([token.keyRing, token.keyIds.length], ['secret:shop/keys', 2]);
      assert.ok(!hasErrors(outcome.diagnostics));
      for (const form of keys.forms) assert.ok(!printed(outcome, texts).includes(form));
    });
  }

  it('make a snapshot of their own when they are rotated', async () => {
    const first = makeKeys(1);
    const { control, texts, published } = createBench(secret('data', first.text));
    await control.reload();
    assert.equal((await control.reload()).kind, 'unchanged');
    const { keys } = JSON.parse(first.text) as { keys: unknown[] };
    const second = JSON.stringify({ version: 1, keys: [...keys, ...JSON.parse(makeKeys(1).text).keys] });
    texts.set('secret.yaml', secret('data', second));
    assert.equal((await control.reload()).kind, 'published');
    assert.deepEqual(published[1]?.keyRings, new Map([['secret:shop/keys', second]]));
    const sooner = second.replace(/"sealsFrom":"[^"]*"/, '"sealsFrom":"1970-01-02T00:00:00Z"');
    assert.notEqual(sooner, second);
    texts.set('secret.yaml', secret('data', sooner));
    assert.equal((await control.reload()).kind, 'published');
  });

  const good = makeKeys(1);
  const broken: readonly (readonly [what: string, text: string])[] = [
    ['is gone', ''],
    ['has another key', secret('data', good.text, 'keys.yaml')],
    ['is no base64', secret('stringData', `${good.text}!`).replace('stringData', 'data')],
    ['is no JSON', secret('data', `${good.text}}`)],
    ['has a key that is too short', secret('data', good.text.replace(/"key": "...../, '"key": "'))],
    ['has a number for a key', secret('data', 'x').replace(/"keys.json":"[^"]*"/, '"keys.json":987654321')],
  ];
  for (const [what, text] of broken) {
    it(`that ${what} hold a reload back, and are not quoted`, async () => {
      const { control, texts } = createBench(secret('data', good.text));
      const before = await control.reload();
      texts.set('secret.yaml', text);
      const outcome = await control.reload();
      assert.equal(outcome.kind, 'rejected');
      assert.equal(outcome.snapshot, before.snapshot);
      assert.ok(outcome.diagnostics.some(({ message }) => message.includes('Secret shop/keys')));
      const shown = printed(outcome, texts);
      for (const form of [...good.forms, '987654321']) assert.ok(!shown.includes(form), shown);
      assert.ok(!shown.includes(good.forms[1]?.slice(8, 30) ?? ''));
    });
  }

  it('that are missing at the start leave their policy out', async () => {
    const { control, published } = createBench('');
    const outcome = await control.reload();
    assert.equal(outcome.kind, 'published');
    assert.equal(tokenOf(outcome.snapshot), null);
    assert.deepEqual(published[0]?.keyRings, new Map());
  });
});
