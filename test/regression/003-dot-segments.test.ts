// Symptom: `GET /public/../admin` was served by the route of /public and reached the pod as it was; Envoy under Istio or
// Gloo sends it to the route of /admin. `limpet explain` said something else than the access log about such a path.
// Cause: the path was matched and forwarded as spelled; explain's URL parser had resolved the dots before.
// Fix: the gateway brings paths into normal form before it matches (docs/decisions/040), and explain leaves them alone.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainRequest } from '../../src/gateway/explain.ts';
import type { Runtime } from '../../src/gateway/runtime.ts';
import { startGateway } from '../support/gateway.ts';
import { fetchFrom } from '../support/http-client.ts';
import { startHttpServer } from '../support/http-server.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute } from '../support/model-builder.ts';

describe('a path with dot segments', () => {
  it('is matched, forwarded, logged and explained in normal form', async () => {
    await using pod = await startHttpServer((request, response) => response.end(request.url));
    const routes = [
      buildRoute(buildForward('c'), '/admin', { name: 'admin' }),
      buildRoute(buildForward('c'), '/', { name: 'public' }),
    ];
    await using test = await startGateway(routes, [buildCluster('c', [buildEndpoint(pod)])]);
    for (const path of ['/public/../admin', '/public/%2e%2E/%61dmin', '/./admin']) {
      const { text } = await fetchFrom({ port: test.port, path });
      assert.equal(text, '/admin', path);
    }
    await test.record(2);
    assert.deepEqual(
      test.records.map(({ route, path }) => `${route} ${path}`),
      Array(3).fill('admin /admin'),
    );
    const respelled = await fetchFrom({ port: test.port, path: '/%61dmin' });
    assert.equal(respelled.text, '/%61dmin');
    assert.equal((await test.record(3)).route, 'admin');
    const request = { method: 'GET', url: 'http://a/public/../admin', headers: [], sourceIp: null };
    const environment = test.gateway.selectionEnvironment;
    const { steps } = explainRequest(test.gateway.runtime as Runtime, request, environment);
    assert.match(steps.find(({ step }) => step === 'route')?.text ?? '', /admin/);
  });
});
