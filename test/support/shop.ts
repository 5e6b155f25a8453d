import type { TestServer } from './http-server.ts';

/** Manifests of a small shop: a Gateway on port 80, a route for every host, and the service `web` behind it. */

export const SHOP_GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: shop, namespace: shop}
spec:
  selector: {istio: ingressgateway}
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["*"]
`;

/** Sends the host's requests to `web`. */
export function shopRoute(name: string, host: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: ${name}, namespace: shop}
spec:
  hosts: ["${host}"]
  gateways: [shop]
  http:
  - route:
    - destination: {host: web, port: {number: 8080}}
`;
}

/** The service `web` with these servers as its pods. */
export function shopWorkload(pods: Readonly<Record<string, TestServer>>): string {
  const service = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  selector: {app: web}
  ports: [{name: http, port: 8080, targetPort: 8080, protocol: TCP}]
`;
  const slices = Object.entries(pods).map(
    ([name, { host, port }]) => `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-${name}, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: ${port}, protocol: TCP}]
endpoints:
- {addresses: [${host}], conditions: {ready: true, serving: true, terminating: false}, targetRef: {kind: Pod, name: ${name}, namespace: shop}}
`,
  );
  return [service, ...slices].join('---\n');
}
