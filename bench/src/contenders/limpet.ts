import { readFileSync } from 'node:fs';
import process from 'node:process';
import { ROOT } from '../../../test/support/tools.ts';
import { COOKIE, type Contender, HOST, type Setup, startContender } from './contender.ts';

/** Limpet from this checkout's sources, configured by Istio's resources as in the tutorial. */
export const limpet: Contender = {
  name: 'Limpet',
  findVersion() {
    const { version } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8')) as { version: string };
    return `${version} (Node ${process.version})`;
  },
  start(setup) {
    const file = setup.writeConfig('limpet/istio.yaml', istioYaml(setup));
    const args = ['run', '-f', file, '--port', `80=${setup.port}`, '--bind', '127.0.0.1', '--admin', 'off'];
    const log = ['--access-log', setup.accessLog];
    const { cpuProfileDir } = setup;
    const node =
      cpuProfileDir === null ? [] : ['--cpu-prof', `--cpu-prof-dir=${cpuProfileDir}`, '--cpu-prof-interval=200'];
    return startContender(setup, process.execPath, [...node, `${ROOT}bin/limpet.js`, ...args, ...log]);
  },
};

function istioYaml({ pods }: Setup): string {
  const endpoints = pods.map(
    ({ name, host }) => `- addresses: [${host}]
  conditions: {ready: true}
  targetRef: {kind: Pod, name: ${name}, namespace: default}`,
  );
  return `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: bench, namespace: default}
spec:
  selector: {istio: ingressgateway}
  servers:
  - hosts: ['*']
    port: {name: http, number: 80, protocol: HTTP}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: bench, namespace: default}
spec:
  gateways: [bench]
  hosts: [${HOST}]
  http:
  - match: [{uri: {prefix: /}}]
    route:
    - destination: {host: bench, port: {number: 80}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: bench, namespace: default}
spec:
  host: bench.default.svc.cluster.local
  trafficPolicy:
    loadBalancer:
      consistentHash:
        httpCookie: {name: ${COOKIE}, ttl: 60s}
---
apiVersion: v1
kind: Service
metadata: {name: bench, namespace: default}
spec:
  ports: [{name: http, port: 80, targetPort: ${pods[0]?.port}}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: bench-1, namespace: default, labels: {kubernetes.io/service-name: bench}}
addressType: IPv4
ports: [{name: http, port: ${pods[0]?.port}, protocol: TCP}]
endpoints:
${endpoints.join('\n')}
`;
}
