import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { StrongSession } from '../../src/model/strong-session.ts';
import { startGateway } from '../support/gateway.ts';
import { fetchFrom } from '../support/http-client.ts';
import { startHttpServer } from '../support/http-server.ts';
import { buildCluster, buildEndpoint, buildForward, buildRoute } from '../support/model-builder.ts';
import { SESSION_COOKIE, strongSession, testKeyText } from '../support/strong-sessions.ts';

/** Requests with tokens that nobody issued; a nightly run takes more. */
const INPUTS = Number(process.env['TOKEN_FUZZ_INPUTS'] ?? 1_500);

const CARRIERS: StrongSession['carriers'] = [
  { kind: 'cookie', cookie: SESSION_COOKIE },
  { kind: 'header', name: 'x-session' },
  { kind: 'appCookie', name: 'app' },
  { kind: 'envelope', header: 'x-id' },
];

/** What may stand in a header's value. */
const visible = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) });

function forgedFrom(good: string): fc.Arbitrary<string> {
  const at = fc.nat(good.length - 1);
  const replaced = fc
    .tuple(at, visible)
    .map(([index, text]) => good.slice(0, index) + text + good.slice(index + text.length));
  const cut = at.map((index) => good.slice(0, index));
  const grown = fc.tuple(at, visible).map(([index, text]) => good.slice(0, index) + text + good.slice(index));
  const swapped = fc.tuple(at, at).map(([one, other]) => {
    const characters = [...good];
    [characters[one], characters[other]] = [characters[other] ?? '', characters[one] ?? ''];
    return characters.join('');
  });
  const address = fc.ipV4().map((ip) => Buffer.from(`${ip}:80`).toString('base64'));
  return fc.oneof(replaced, cut, grown, swapped, address, visible, fc.constant(''));
}

describe('forged session tokens', { timeout: 120_000 }, () => {
  it('are absent to a gateway in every carrier: they are answered, decide nothing, and break nothing', async () => {
    await using pod = await startHttpServer((_request, response) => response.end('pod'));
    const endpoints = ['a', 'b'].map((name) =>
      buildEndpoint(pod, { identity: { uid: `uid-${name}`, namespace: 'shop', name } }),
    );
    const onLost = { kind: 'fail', status: 503, retryAfterSeconds: null } as const;
    const route = buildRoute(buildForward('c', { affinity: strongSession({ carriers: CARRIERS, onLost }) }));
    const clusters = [buildCluster('c', endpoints.slice(0, 1))];
    await using test = await startGateway([route], clusters, { sessionKeys: testKeyText(1) });
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const first = await fetchFrom({ port: test.port, agent });
    const good = String(first.headers['x-session']);
    let count = 1;
    await fc.assert(
      fc.asyncProperty(forgedFrom(good), fc.constantFrom('sid', 'app', 'x-session', 'x-id'), async (text, where) => {
        const headers: Record<string, string> =
          where === 'sid'
            ? { cookie: `a=1; sid=${text}` }
            : where === 'app'
              ? { cookie: `app=${text}~value; b=2` }
              : { [where]: where === 'x-id' ? `${text}~value` : text };
        const answer = await fetchFrom({ port: test.port, agent, headers });
        const { decision } = await test.record(count++);
        assert.equal(answer.status, 200);
        // Whether a mutation happens to leave the token whole is for the text to say.
        const isWhole = text === good || text.split(/[;~]/)[0] === good || text === `"${good}"`;
        if (!isWhole) assert.notEqual(decision?.token, 'used');
      }),
      { numRuns: INPUTS, endOnFailure: true },
    );
    const kept = await fetchFrom({ port: test.port, agent, headers: { 'x-session': good } });
    assert.equal(kept.headers['x-session'], undefined);
    agent.destroy();
  });
});
