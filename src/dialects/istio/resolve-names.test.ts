import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { intersectHosts, isExportedTo, toFullHost, toGatewayName } from './resolve-names.ts';
import { covers } from './rules-names.ts';

describe('toFullHost', () => {
  it('completes only names without a dot', () => {
    assert.equal(toFullHost('cart', 'shop', 'cluster.local'), 'cart.shop.svc.cluster.local');
    assert.equal(toFullHost('Cart.Shop', 'shop', 'cluster.local'), 'cart.shop');
    assert.equal(toFullHost('*', 'shop', 'cluster.local'), '*');
    assert.equal(toFullHost('10.0.0.1', 'shop', 'cluster.local'), '10.0.0.1');
    assert.equal(toFullHost('2001:db8::1', 'shop', 'cluster.local'), '2001:db8::1');
  });
});

describe('covers', () => {
  it('takes a wildcard for any names before its rest, and not for the rest alone', () => {
    assert.ok(covers('*.example.com', 'a.example.com'));
    assert.ok(covers('*.example.com', 'a.b.example.com'));
    assert.ok(covers('*.example.com', '*.b.example.com'));
    assert.ok(covers('*', 'anything'));
    // Istio compares the rest alone, so that `*` stands for nothing, too, where no dot follows it.
    assert.ok(covers('*example.com', 'example.com'));
    assert.ok(!covers('*.example.com', 'example.com'));
    assert.ok(!covers('*.b.example.com', '*.example.com'));
    assert.ok(!covers('a.example.com', '*.example.com'));
  });
});

describe('intersectHosts', () => {
  it('gives the narrower of two, in either order', () => {
    assert.equal(intersectHosts('*', 'a.b'), 'a.b');
    assert.equal(intersectHosts('a.b', '*'), 'a.b');
    assert.equal(intersectHosts('*.b', '*.a.b'), '*.a.b');
    assert.equal(intersectHosts('*.a', '*.b'), null);
    assert.equal(intersectHosts('a', 'b'), null);
  });
});

describe('isExportedTo', () => {
  it('knows everybody, the own namespace, names and nobody', () => {
    assert.ok(isExportedTo([], 'a', 'b'));
    assert.ok(isExportedTo(['*'], 'a', 'b'));
    assert.ok(isExportedTo(['.'], 'a', 'a'));
    assert.ok(isExportedTo(['x', 'b'], 'a', 'b'));
    assert.ok(!isExportedTo(['.'], 'a', 'b'));
    assert.ok(!isExportedTo(['~'], 'a', 'a'));
  });
});

describe('toGatewayName', () => {
  it('reads every form of reference', () => {
    assert.equal(toGatewayName('mesh', 'shop'), null);
    assert.equal(toGatewayName('edge', 'shop'), 'shop/edge');
    assert.equal(toGatewayName('infra/edge', 'shop'), 'infra/edge');
    assert.equal(toGatewayName('edge.infra.svc.cluster.local', 'shop'), 'infra/edge');
  });
});
