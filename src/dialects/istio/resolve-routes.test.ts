import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { translate } from '../../control/translate.ts';
import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Route } from '../../model/route.ts';
import { parseResources } from '../../resources/resources.ts';

interface Web {
  /** The fields of the Gateway's server beside its hosts. */
  readonly server?: string;
  /** The items of `spec.http`. */
  readonly http: string;
  /** Items of the `spec.http` that the VirtualService `leaf` has. */
  readonly leaf?: string;
}

interface Translated {
  readonly routes: readonly Route[];
  readonly diagnostics: readonly Diagnostic[];
}

/** The routes of a gateway with the Services `plain`, `red` and `blue`, of which the last two have session labels. */
function translateWeb({ server = 'port: {number: 80, name: http, protocol: HTTP}', http, leaf }: Web): Translated {
  const service = (name: string, label: string): string => `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop, labels: {${label}}}
spec: {ports: [{name: http, port: 80}]}
---
`;
  const delegate = `---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: leaf, namespace: shop}
spec: {http: [${leaf}]}
`;
  const text = `${service('plain', '')}${service('red', 'istio.io/persistent-session: red')}${service('blue', 'istio.io/persistent-session: blue')}
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: gw, namespace: shop}
spec: {servers: [{hosts: [a.example.com], ${server}}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec: {hosts: [a.example.com], gateways: [gw], http: [${http}]}
${leaf === undefined ? '' : delegate}`;
  const { model, diagnostics } = translate(parseResources([{ source: 'a.yaml', text }]).resources);
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error'),
    [],
  );
  const routes = model.listeners.flatMap(({ chains }) =>
    chains.flatMap(({ proxy }) => (proxy.kind === 'http' ? proxy.virtualHosts.flatMap((host) => host.routes) : [])),
  );
  return { routes, diagnostics };
}

const HTTPS = 'port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: cert}';
const TO_HTTPS = 'port: {number: 80, name: http, protocol: HTTP}, tls: {httpsRedirect: true}';

describe('redirects: a port that the scheme means is left out', () => {
  const cases: readonly (readonly [server: string | undefined, redirect: string, port: number | null])[] = [
    [undefined, 'port: 80', null],
    [undefined, 'derivePort: FROM_REQUEST_PORT', null],
    [undefined, 'port: 443', 443],
    [undefined, 'derivePort: FROM_REQUEST_PORT, scheme: https', 80],
    [HTTPS, 'port: 443', null],
    [HTTPS, 'derivePort: FROM_REQUEST_PORT', null],
    [HTTPS, 'port: 80', 80],
    [HTTPS, 'derivePort: FROM_REQUEST_PORT, scheme: http', 443],
    [TO_HTTPS, 'port: 80', 80],
    [TO_HTTPS, 'port: 443', null],
  ];
  for (const [server, redirect, port] of cases) {
    it(`{${redirect}} at {${server ?? 'HTTP'}}: ${port}`, () => {
      const [route] = translateWeb({ ...(server && { server }), http: `{redirect: {${redirect}}}` }).routes;
      assert.ok(route?.action.kind === 'redirect');
      assert.equal(route.action.port, port);
    });
  }
});

/** The session cookie of a weighted route, and what is said of sessions that Istio would lose. */
function weigh(...destinations: readonly (readonly [host: string, weight: number])[]): [string | null, string[]] {
  const items = destinations.map(([host, weight]) => `{destination: {host: ${host}}, weight: ${weight}}`);
  const { routes, diagnostics } = translateWeb({ http: `{route: [${items.join(', ')}]}` });
  const action = routes[0]?.action;
  assert.ok(action?.kind === 'forward');
  const cookie = action.affinity.kind === 'session' ? JSON.stringify(action.affinity.session) : '';
  const name = /"name":"(red|blue)"/.exec(cookie)?.[1] ?? null;
  return [name, diagnostics.filter(({ code }) => code === 'bettered').map(({ message }) => message)];
}

const IDLE = 'what has weight 0 keeps its sessions here; Istio drops it, so that they move';
const SPLIT = 'sessions are kept on this route; Istio drops them, because its last destination has none';

describe('sessions of weighted routes: a destination of weight 0 has no say, as in Istio', () => {
  it('keeps the session of the one that is served, and says that the other keeps its sessions', () => {
    assert.deepEqual(weigh(['red', 100], ['plain', 0]), ['red', [IDLE]]);
    assert.deepEqual(weigh(['plain', 0], ['red', 100]), ['red', [IDLE]]);
  });

  it('takes the label of the one that is served', () => {
    assert.deepEqual(weigh(['red', 0], ['blue', 100]), ['blue', [IDLE]]);
  });

  it('takes none from one that is not served', () => {
    assert.deepEqual(weigh(['plain', 100], ['red', 0]), [null, []]);
  });

  it('betters what Istio loses among those that are served', () => {
    assert.deepEqual(weigh(['red', 50], ['plain', 50], ['blue', 0]), ['red', [SPLIT, IDLE]]);
  });
});

describe('delegates: what they leave out is the root’s', () => {
  it('takes the direct response, before the route of the delegate', () => {
    const { routes } = translateWeb({
      http: '{delegate: {name: leaf}, directResponse: {status: 418}}',
      leaf: '{route: [{destination: {host: plain}}]}',
    });
    assert.ok(routes[0]?.action.kind === 'respond');
    assert.equal(routes[0].action.status, 418);
  });

  it('has the mirrors of both where one says mirror and the other mirrors', () => {
    const { routes } = translateWeb({
      http: '{delegate: {name: leaf}, mirrors: [{destination: {host: red}}]}',
      leaf: '{route: [{destination: {host: plain}}], mirror: {host: blue}}',
    });
    assert.ok(routes[0]?.action.kind === 'forward');
    assert.deepEqual(
      routes[0].action.mirrors.map(({ cluster }) => cluster),
      ['outbound|80||blue.shop.svc.cluster.local', 'outbound|80||red.shop.svc.cluster.local'],
    );
  });
});
