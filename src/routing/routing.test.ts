import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRequestView } from '../../test/support/request-view.ts';
import type { Listener, VirtualHost } from '../model/listener.ts';
import type { Origin } from '../model/origin.ts';
import { NO_HEADER_OPS, type Route } from '../model/route.ts';
import { compileListener } from './routing.ts';

const ORIGIN: Origin = { source: 't.yaml', kind: 'Test', namespace: 'ns', name: 'n', line: 1, column: 1, field: '' };

describe('compileListener', () => {
  it('finds the virtual host, then the first route that matches', () => {
    const matcher = compileListener(
      listenerOf([
        hostOf('shop', ['shop.example'], [routeOf('cart', '/cart'), routeOf('rest', '/')]),
        hostOf('any', ['*'], [routeOf('api', '/api')]),
      ]),
      (route, host) => `${host.name}/${route.name}`,
    );
    const shop = matcher.findVirtualHost('Shop.Example:8080');
    assert.equal(shop?.host.name, 'shop');
    assert.equal(shop?.match(createRequestView({ path: '/cart/1' })), 'shop/cart');
    assert.equal(shop?.match(createRequestView({ path: '/x' })), 'shop/rest');
    assert.equal(matcher.findVirtualHost('other')?.match(createRequestView({ path: '/api' })), 'any/api');
  });

  it('tells an unknown host from a host without a matching route', () => {
    const matcher = compileListener(listenerOf([hostOf('a', ['a.example'], [routeOf('x', '/x')])]), (route) => route);
    assert.equal(matcher.findVirtualHost('b.example'), undefined);
    const host = matcher.findVirtualHost('a.example');
    assert.notEqual(host, undefined);
    assert.equal(host?.match(createRequestView({ path: '/y' })), undefined);
  });
});

function listenerOf(virtualHosts: VirtualHost[]): Listener {
  return {
    name: 'http',
    address: '0.0.0.0',
    port: 80,
    proxyProtocol: false,
    clientAddress: {
      source: { kind: 'remoteAddress', trustedHops: 0, appendForwardedFor: true },
      internalCidrs: [],
      requestId: 'generate',
      requestIdInResponse: false,
      scheme: null,
    },
    serverHeader: null,
    virtualHosts,
    origin: ORIGIN,
  };
}

function hostOf(name: string, domains: string[], routes: Route[]): VirtualHost {
  return { name, domains, requireTls: false, includeAttemptCount: false, routes, origin: ORIGIN };
}

function routeOf(name: string, prefix: string): Route {
  return {
    name,
    match: { path: { kind: 'prefix', value: prefix, ignoreCase: false }, headers: [], query: [] },
    action: { kind: 'respond', status: 200, body: '' },
    requestHeaders: NO_HEADER_OPS,
    responseHeaders: NO_HEADER_OPS,
    origin: ORIGIN,
  };
}
