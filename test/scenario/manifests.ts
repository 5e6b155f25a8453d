import { SHOP_GATEWAY, shopRoute } from '../support/shop.ts';
import type { Pod } from './pod-fleet.ts';

/** A service of the shop as a cluster would have it, with what else makes its affinity. */
export interface Service {
  /** Labels of the Service, in YAML's flow form. */
  readonly labels: string;
  /** Documents beside it. */
  readonly more: string;
  /** Gateways share a file of session keys. */
  readonly hasKeys: boolean;
}

/** Everything that a gateway reads. */
export function formatShop({ labels, more }: Pick<Service, 'labels' | 'more'>, pods: Iterable<Pod>): string {
  return [SHOP_GATEWAY, shopRoute('all', '*'), formatService(labels), formatSlice([...pods]), more]
    .filter((document) => document !== '')
    .join('---\n');
}

function formatService(labels: string): string {
  return `apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop, labels: {${labels}}}
spec:
  selector: {app: web}
  ports: [{name: http, port: 8080, targetPort: 8080, protocol: TCP}]
`;
}

function formatSlice(pods: readonly Pod[]): string {
  const endpoints = pods.map(({ name, uid, host, phase }) => {
    const isReady = phase === 'ready';
    const conditions = `{ready: ${isReady}, serving: true, terminating: ${!isReady}}`;
    const target = `{kind: Pod, name: ${name}, namespace: shop, uid: ${uid}}`;
    return `- {addresses: [${host}], conditions: ${conditions}, targetRef: ${target}}\n`;
  });
  return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: ${pods[0]?.port ?? 8080}, protocol: TCP}]
endpoints:
${endpoints.join('')}`;
}

/** Consistent hashing by a cookie that the gateway makes, as Istio says it. */
export function hashRule(table: string): string {
  return `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec:
  host: web
  trafficPolicy:
    loadBalancer:
      consistentHash:
        httpCookie: {name: sid, ttl: 0s}
        ${table}
`;
}
