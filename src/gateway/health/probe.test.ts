import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reservePort, startHttpServer, startRawServer, type TestServer } from '../../../test/support/http-server.ts';
import { ManualClock } from '../../../test/support/manual-clock.ts';
import type { HealthProbe } from '../../model/cluster.ts';
import { type ProbeResult, runProbe } from './probe.ts';

const HTTP: HealthProbe = { kind: 'http', path: '/healthz', host: '', expectedStatuses: [] };

/** The result of one probe; `clock` decides when its time is over. */
function probe(
  server: { readonly host: string; readonly port: number },
  kind: HealthProbe = HTTP,
  clock: ManualClock = new ManualClock(),
): Promise<ProbeResult> {
  const target = { host: server.host, port: server.port, authority: 'outbound|80||cart', timeoutMillis: 1000 };
  return new Promise((resolve) => runProbe(kind, target, clock, resolve));
}

function rawServer(answer: string): Promise<TestServer> {
  return startRawServer((socket) => socket.once('data', () => socket.end(answer)));
}

describe('runProbe', () => {
  it('asks for the path by the cluster’s name, or the host that the check names, and closes the connection', async () => {
    const seen: string[] = [];
    await using pod = await startHttpServer((request, response) => {
      const { host, connection } = request.headers;
      seen.push(`${request.method} ${request.url} ${host} ${request.headers['user-agent']} ${connection}`);
      response.end();
    });
    assert.deepEqual(await probe(pod), { kind: 'passed', degraded: false });
    await probe(pod, { ...HTTP, host: 'cart.example' });
    assert.deepEqual(seen, [
      'GET /healthz outbound|80||cart limpet-health-check close',
      'GET /healthz cart.example limpet-health-check close',
    ]);
  });

  it('expects 200 alone unless the check says more', async () => {
    await using pod = await startHttpServer((_request, response) => response.writeHead(204).end());
    assert.deepEqual(await probe(pod), { kind: 'refused', status: 204 });
    assert.equal((await probe(pod, { ...HTTP, expectedStatuses: [[200, 299]] })).kind, 'passed');
    assert.equal(
      (
        await probe(pod, {
          ...HTTP,
          expectedStatuses: [
            [200, 203],
            [205, 299],
          ],
        })
      ).kind,
      'refused',
    );
  });

  it('passes over interim responses, and knows a host that asks to be used last', async () => {
    await using pod = await rawServer(
      'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nx-envoy-degraded: true\r\ncontent-length: 0\r\n\r\n',
    );
    assert.deepEqual(await probe(pod), { kind: 'passed', degraded: true });
  });

  it('finds a host unreachable that refuses, breaks off, or speaks no HTTP', async () => {
    assert.deepEqual(await probe({ host: '127.0.0.1', port: await reservePort() }), {
      kind: 'unreachable',
      detail: 'ECONNREFUSED',
    });
    await using short = await rawServer('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc');
    assert.equal((await probe(short)).kind, 'unreachable');
    await using other = await rawServer('SSH-2.0-OpenSSH_9.6\r\n');
    assert.equal((await probe(other)).kind, 'unreachable');
  });

  it('finds a host unreachable whose response is not whole in time', async () => {
    const clock = new ManualClock();
    await using pod = await startRawServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc');
        setImmediate(() => clock.advance(1000));
      });
    });
    assert.deepEqual(await probe(pod, HTTP, clock), { kind: 'unreachable', detail: 'timeout' });
    assert.equal(clock.pending, 0);
  });

  it('is content with a connection where the check is of TCP', async () => {
    await using pod = await startRawServer(() => {});
    assert.deepEqual(await probe(pod, { kind: 'tcp' }), { kind: 'passed', degraded: false });
    const port = await reservePort();
    assert.equal((await probe({ host: '127.0.0.1', port }, { kind: 'tcp' })).kind, 'unreachable');
  });
});
