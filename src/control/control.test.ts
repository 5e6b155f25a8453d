import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Snapshot } from '../model/model.ts';
import { type Control, createControl, type Outcome, type SourceContent } from './control.ts';

const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
`;
const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]
`;

function routes(prefix: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: ["*"]
  gateways: [edge]
  http: [{match: [{uri: {prefix: ${prefix}}}], route: [{destination: {host: web, port: {number: 80}}}]}]
`;
}

interface Bench {
  readonly control: Control;
  readonly published: Snapshot[];
  readonly outcomes: Outcome[];
  readonly texts: Map<string, string>;
}

function createBench(onPublish: (snapshot: Snapshot) => void | Promise<void> = () => {}): Bench {
  const texts = new Map([
    ['service.yaml', SERVICE],
    ['gateway.yaml', GATEWAY],
    ['routes.yaml', routes('/')],
  ]);
  const published: Snapshot[] = [];
  const outcomes: Outcome[] = [];
  const read = async (): Promise<SourceContent> => ({
    texts: [...texts].map(([source, text]) => ({ source, text })),
    diagnostics: [],
  });
  const control = createControl({
    sources: [{ read }],
    now: () => 1234,
    onPublish: async (snapshot) => {
      await onPublish(snapshot);
      published.push(snapshot);
    },
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  return { control, published, outcomes, texts };
}

describe('createControl', () => {
  it('publishes the first pass and each change with a revision of its own', async () => {
    const { control, published, texts } = createBench();
    assert.equal((await control.reload()).kind, 'published');
    texts.set('routes.yaml', routes('/cart'));
    assert.equal((await control.reload()).kind, 'published');
    assert.deepEqual(
      published.map(({ revision }) => revision),
      [1, 2],
    );
    assert.notEqual(published[0]?.digest, published[1]?.digest);
  });

  it('publishes nothing when nothing that matters has changed', async () => {
    const { control, published } = createBench();
    await control.reload();
    assert.equal((await control.reload()).kind, 'unchanged');
    assert.equal(published.length, 1);
  });

  it('keeps the last good snapshot when an edit brings a mistake, and says where it is', async () => {
    const { control, published, texts } = createBench();
    await control.reload();
    texts.set('routes.yaml', `${routes('/cart')}  timeout: [\n`);
    const outcome = await control.reload();
    assert.equal(outcome.kind, 'rejected');
    assert.equal(outcome.snapshot, published[0]);
    assert.equal(published.length, 1);
    const location = outcome.diagnostics.find(({ severity }) => severity === 'error')?.location;
    assert.equal(location?.source, 'routes.yaml');
    assert.ok((location?.line ?? 0) >= 6);
  });

  it('goes on after a mistake is mended', async () => {
    const { control, texts } = createBench();
    await control.reload();
    texts.set('routes.yaml', 'kind: [');
    assert.equal((await control.reload()).kind, 'rejected');
    texts.set('routes.yaml', routes('/mended'));
    assert.equal((await control.reload()).kind, 'published');
  });

  it('serves what is right at the start, and does not hold later edits back for a mistake that was there before', async () => {
    const { control, texts } = createBench();
    texts.set('broken.yaml', 'kind: [');
    assert.equal((await control.reload()).kind, 'published');
    texts.set('routes.yaml', routes('/cart'));
    assert.equal((await control.reload()).kind, 'published');
  });

  it('serves what is right as long as nothing serves, as at the start', async () => {
    const { control, texts } = createBench();
    const route = texts.get('routes.yaml') ?? '';
    const gateway = texts.get('gateway.yaml') ?? '';
    texts.clear();
    await control.reload();
    for (const [source, text] of [
      ['gateway.yaml', gateway],
      ['routes.yaml', route],
      ['broken.yaml', 'kind: ['],
    ] as const) {
      texts.set(source, text);
    }
    const { kind, snapshot } = await control.reload();
    assert.equal(kind, 'published');
    assert.equal(snapshot?.model.listeners.length, 1);
  });

  it('forgets a mistake that is mended although the model stays the same', async () => {
    const { control, texts } = createBench();
    texts.set('broken.yaml', 'kind: [');
    await control.reload();
    texts.delete('broken.yaml');
    assert.equal((await control.reload()).kind, 'unchanged');
    assert.deepEqual(
      control.snapshot?.diagnostics.filter(({ severity }) => severity === 'error'),
      [],
    );
    texts.set('broken.yaml', 'kind: [');
    assert.equal((await control.reload()).kind, 'rejected');
  });

  it('takes a removed resource for an edit like any other', async () => {
    const { control, texts } = createBench();
    await control.reload();
    texts.delete('service.yaml');
    assert.equal((await control.reload()).kind, 'published');
  });

  it('runs one pass at a time and shares the next one among all who asked meanwhile', async () => {
    const entered = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const { control, outcomes, texts } = createBench(async () => {
      entered.resolve();
      await release.promise;
    });
    const first = control.reload();
    await entered.promise;
    texts.set('routes.yaml', routes('/cart'));
    const waiting = [control.reload(), control.reload(), control.reload()];
    release.resolve();
    await first;
    const revisions = (await Promise.all(waiting)).map(({ snapshot }) => snapshot?.revision);
    assert.deepEqual(revisions, [2, 2, 2]);
    assert.equal(outcomes.length, 2);
  });

  it('goes on working after a publication failed', async () => {
    let failures = 1;
    const { control, published } = createBench(() => {
      if (failures-- > 0) throw new Error('port taken');
    });
    await assert.rejects(control.reload(), /port taken/);
    assert.equal(control.snapshot, null);
    assert.equal((await control.reload()).kind, 'published');
    assert.equal(published[0]?.revision, 1);
  });
});
