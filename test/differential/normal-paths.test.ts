import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { normalizePath } from '../../src/routing/normal-path.ts';
import { startLimpet } from '../support/child-process.ts';
import { startConvertedEnvoy } from '../support/envoy.ts';
import { fetchFrom } from '../support/http-client.ts';
import { startHttpServer, type TestServer } from '../support/http-server.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { skipUnless } from '../support/tools.ts';

/** Parts of which every path of three is tried. */
const PARTS = ['/', 'a', '.', '..', '%2e', '%2F', '%5c', '%41'];
/** `DEFAULT` is left out: it is `BASE`. */
const NORMALIZATIONS = ['NONE', 'BASE', 'MERGE_SLASHES', 'DECODE_AND_MERGE_SLASHES'];

function pathsOf(length: number): string[] {
  return length === 0 ? [''] : pathsOf(length - 1).flatMap((path) => PARTS.map((part) => path + part));
}

function toManifests(normalization: string, { host, port }: TestServer): string {
  return `apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "pathNormalization: {normalization: ${normalization}}"}
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {selector: {istio: ingressgateway}, servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: ["*"]
  gateways: [edge]
  http:
  - match: [{uri: {exact: /a}}, {uri: {prefix: /a/}}]
    headers: {request: {set: {x-route: a}}}
    route: [{destination: {host: web}}]
  - match: [{uri: {regex: "/+"}}]
    headers: {request: {set: {x-route: root}}}
    route: [{destination: {host: web}}]
  - headers: {request: {set: {x-route: rest}}}
    route: [{destination: {host: web}}]
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: ${port}}]
endpoints: [{addresses: [${host}]}]
`;
}

describe('pathNormalization', { skip: skipUnless('envoy') }, () => {
  for (const normalization of NORMALIZATIONS) {
    it(`${normalization}: paths take the routes that they take in Envoy, to the same resources`, async () => {
      await using pod = await startHttpServer((request, response) => {
        response.end(`${request.headers['x-route']} ${request.url}`);
      });
      using folder = createTempDir();
      folder.write('shop/all.yaml', toManifests(normalization, pod));
      const files = ['-f', join(folder.path, 'shop')];
      const bound = ['--port', '80=0', '--bind', '127.0.0.1'];
      await using envoy = await startConvertedEnvoy(join(folder.path, 'shop'));
      const options = ['--admin', 'off', '--access-log', 'off', '--workers', '1'];
      await using limpet = await startLimpet(['run', ...files, ...bound, ...options]);
      const [, port] = await limpet.waitForLine(/^ready: \S+ on 127\.0\.0\.1:(\d+)/);
      for (const path of pathsOf(3).map((parts) => `/${parts}`)) {
        const [theirs, ours] = await Promise.all([
          fetchFrom({ port: envoy.port, path }),
          fetchFrom({ port: Number(port), path }),
        ]);
        const [route, url = ''] = ours.text.split(' ');
        // A respelled path is not passed on (decision 040).
        const resource = normalization === 'NONE' ? url : normalizePath(url);
        assert.equal(`${ours.status} ${route} ${resource}`, `${theirs.status} ${theirs.text}`, path);
      }
    });
  }
});
