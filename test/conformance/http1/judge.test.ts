import assert from 'node:assert/strict';
import net, { type Socket } from 'node:net';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startRawServer } from '../../support/http-server.ts';
import { type CorpusCase, readCorpus } from './corpus.ts';
import { playCorpus, type Result } from './play-corpus.ts';
import { RecordingBackend } from './recording-backend.ts';

/*
 * The judge is judged: proxies that are wrong on purpose have to fail.
 */

function casesOf(file: string, outcome: string, ...categories: readonly string[]): CorpusCase[] {
  const path = fileURLToPath(new URL(`testdata/${file}`, import.meta.url));
  return readCorpus(path).filter((each) => each.expect.outcome === outcome && categories.includes(each.category));
}

/** Plays cases against a proxy that handles each connection with `serve`. */
async function playAgainst(
  cases: readonly CorpusCase[],
  serve: (client: Socket, backendPort: number) => void,
): Promise<Result[]> {
  await using owned = new AsyncDisposableStack();
  const stages = await Promise.all(
    Array.from({ length: 64 }, async () => {
      const backend = owned.use(await RecordingBackend.listen('127.0.0.1', 0));
      const proxy = owned.use(await startRawServer((client) => serve(client, backend.port)));
      return { proxy, backend };
    }),
  );
  return await playCorpus(cases, stages);
}

/** Bytes go through as they are, both ways. */
function relay(client: Socket, backendPort: number): void {
  const upstream = net.connect({ host: '127.0.0.1', port: backendPort, allowHalfOpen: true });
  upstream.on('error', () => client.destroy());
  client.on('close', () => upstream.destroy());
  client.pipe(upstream);
  upstream.pipe(client);
}

function passedIds(results: readonly Result[]): string[] {
  return results.filter(({ faults }) => faults.length === 0).map(({ played }) => played.id);
}

describe('judgeRequest', () => {
  it('fails a proxy that passes everything on as it came', async () => {
    const cases = casesOf('requests.json', 'reject', 'smuggle-te', 'smuggle-cl', 'header-invalid', 'host', 'bare-crlf');
    assert(cases.length > 30);
    assert.deepEqual(passedIds(await playAgainst(cases, relay)), []);
  });

  it('fails a proxy that refuses everything', async () => {
    const cases = casesOf('requests.json', 'forward', 'method', 'framing-cl', 'pipelining', 'hop-by-hop');
    assert(cases.length > 30);
    const refuse = (client: Socket): void => {
      client.once('data', () => client.end('HTTP/1.1 400 No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'));
    };
    assert.deepEqual(passedIds(await playAgainst(cases, refuse)), []);
  });

  it('passes a proxy that passes on what needs no change', async () => {
    const cases = casesOf('requests.json', 'forward', 'method', 'framing-cl', 'split');
    const results = await playAgainst(cases, relay);
    assert.deepEqual(
      results.filter(({ faults }) => faults.length > 0).map(({ played, faults }) => [played.id, faults]),
      [],
    );
  });
});

describe('judgeResponse', () => {
  it('fails a proxy that passes every response on as it came', async () => {
    const cases = casesOf('responses.json', 'error', 'status-invalid', 'framing-invalid', 'header-invalid');
    assert(cases.length > 10);
    assert.deepEqual(passedIds(await playAgainst(cases, relay)), []);
  });
});
