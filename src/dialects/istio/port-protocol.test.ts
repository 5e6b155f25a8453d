import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isHttp2, toPortProtocol } from './port-protocol.ts';

function protocolOf(name: string, appProtocol: string | null = null, protocol = 'TCP'): string {
  return toPortProtocol({ name, appProtocol, protocol });
}

describe('toPortProtocol', () => {
  it('goes by the name up to its first hyphen, in any case', () => {
    assert.equal(protocolOf('http'), 'HTTP');
    assert.equal(protocolOf('HTTP2-api'), 'HTTP2');
    assert.equal(protocolOf('grpc-web-x'), 'GRPC-WEB');
    assert.equal(protocolOf('grpc-webby'), 'GRPC-WEB');
    assert.equal(protocolOf('grpc-x'), 'GRPC');
    assert.equal(protocolOf('httpx'), 'unknown');
    assert.equal(protocolOf(''), 'unknown');
  });

  it('prefers appProtocol, with the names that Kubernetes gives a meaning', () => {
    assert.equal(protocolOf('http2', 'http'), 'HTTP');
    assert.equal(protocolOf('web', 'kubernetes.io/h2c'), 'HTTP2');
    assert.equal(protocolOf('web', 'kubernetes.io/ws'), 'HTTP');
    assert.equal(protocolOf('web', 'kubernetes.io/wss'), 'HTTPS');
    assert.equal(protocolOf('http', 'example.com/own'), 'unknown');
  });

  it('looks at no name where the transport is UDP', () => {
    assert.equal(protocolOf('http', 'http', 'UDP'), 'UDP');
  });
});

describe('isHttp2', () => {
  it('holds for HTTP/2 and what is built on it', () => {
    assert.deepEqual((['HTTP2', 'GRPC', 'GRPC-WEB'] as const).map(isHttp2), [true, true, true]);
    assert.deepEqual((['HTTP', 'TCP', 'unknown'] as const).map(isHttp2), [false, false, false]);
  });
});
