import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { translate } from '../../control/translate.ts';
import { parseResources } from '../../resources/resources.ts';

function errorsOf(kind: string, spec: string): string[] {
  const text = `apiVersion: networking.istio.io/v1\nkind: ${kind}\nmetadata: {name: a, namespace: shop}\nspec: {${spec}}\n`;
  const { diagnostics } = translate(parseResources([{ source: 'a.yaml', text }]).resources);
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ message }) => message);
}

const ROUTE = 'route: [{destination: {host: cart}}]';
const web = (http: string): string => `hosts: [a.example.com], gateways: [gw], http: [{${http}}]`;

describe('a mistake is told once', () => {
  const cases: readonly (readonly [kind: string, spec: string, message: RegExp])[] = [
    ['VirtualService', `hosts: a.example.com, gateways: [gw], tcp: [{${ROUTE}}]`, /^spec\.hosts must be a list/],
    ['VirtualService', `hosts: [5], tls: [{match: [{sniHosts: [a.b]}], ${ROUTE}}]`, /^spec\.hosts\[0\] must be text/],
    ['VirtualService', web('route: {destination: {host: cart}}'), /^spec\.http\[0\]\.route must be a list/],
    ['VirtualService', web('route: [{destination: {host: cart, port: 80}}]'), /\.destination\.port must be a mapping/],
    ['VirtualService', web(`retries: {attempts: "2", retryOn: 5xx}, ${ROUTE}`), /\.retries\.attempts must be a number/],
    ['VirtualService', web(`match: [null], ${ROUTE}`), /^spec\.http\[0\]\.match\[0\] is empty$/],
    ['VirtualService', web('redirect: '), /^spec\.http\[0\]\.redirect has no value$/],
    ['VirtualService', web(`matches: [{uri: {exact: /}}], ${ROUTE}`), /^unknown field spec\.http\[0\]\.matches$/],
    [
      'DestinationRule',
      'host: cart, trafficPolicy: {outlierDetection: {splitExternalLocalOriginErrors: "true", consecutiveLocalOriginFailures: 1}}',
      /splitExternalLocalOriginErrors must be true or false/,
    ],
    [
      'Gateway',
      'servers: [{port: {number: 80, name: a, protocol: 1}, hosts: ["*"], tls: {httpsRedirect: true}}]',
      /protocol must be text/,
    ],
    [
      'ServiceEntry',
      'hosts: [a.b], resolution: STATIC, ports: {}, endpoints: [{address: 10.0.0.1, ports: {http: 1}}]',
      /^spec\.ports must be a list/,
    ],
    [
      'ServiceEntry',
      'hosts: [a.b], resolution: 1, endpoints: [{address: 10.0.0.1}]',
      /^spec\.resolution must be one of/,
    ],
  ];
  for (const [kind, spec, message] of cases) {
    it(`${kind}: ${spec}`, () => {
      const errors = errorsOf(kind, spec);
      assert.equal(errors.length, 1, errors.join('\n'));
      assert.match(errors[0] ?? '', message);
    });
  }

  it('and two are two', () => {
    assert.equal(errorsOf('VirtualService', `${web(`timeout: 5, ${ROUTE}`)}, exportTo: [5]`).length, 2);
    assert.equal(errorsOf('VirtualService', web(`timeout: 5, retries: {retryOn: x}, ${ROUTE}`)).length, 3);
  });
});
