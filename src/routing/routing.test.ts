import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRequestView } from '../../test/support/request-view.ts';
import type { HttpProxy, VirtualHost } from '../model/listener.ts';
import type { Origin } from '../model/origin.ts';
import { NO_HEADER_OPS, type Route } from '../model/route.ts';
import { compileHosts } from './routing.ts';

const ORIGIN: Origin = { source: 't.yaml', kind: 'Test', namespace: 'ns', name: 'n', line: 1, column: 1, field: '' };

describe('compileHosts', () => {
  it('finds the virtual host, then the first route that matches', () => {
    const matcher = compileHosts(
      proxyOf([
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
    const matcher = compileHosts(proxyOf([hostOf('a', ['a.example'], [routeOf('x', '/x')])]), (route) => route);
    assert.equal(matcher.findVirtualHost('b.example'), undefined);
    const host = matcher.findVirtualHost('a.example');
    assert.notEqual(host, undefined);
    assert.equal(host?.match(createRequestView({ path: '/y' })), undefined);
  });
});

function proxyOf(virtualHosts: VirtualHost[]): HttpProxy {
  return { kind: 'http', virtualHosts };
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
