/**
 * Random inputs to the HTTP/1.1 codec: nothing may throw, what is told must not depend on how the bytes arrive, what we send on
 * must be read by ourselves as the same message, and Node's parser must not read another message than we do.
 *
 * HTTP1_FUZZ_INPUTS sets how many inputs there are in all (50,000 if it is not set), HTTP1_FUZZ_SEED makes a run repeatable.
 */
import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { DEFAULT_HTTP1_LIMITS } from '../../src/http1/http1-limits.ts';
import {
  forwarded,
  PACES,
  type Pace,
  type Recording,
  recordRequests,
  recordResponses,
} from '../support/http1-recorder.ts';
import { anyRequests, anyResponses, cutInto, cuts, validRequest, validResponse } from './http1-inputs.ts';
import { NodeReader, type NodeRequest } from './node-http.ts';

const inputs = Number(process.env['HTTP1_FUZZ_INPUTS'] ?? 50_000);
const seed = Number(process.env['HTTP1_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
/** fast-check remembers what it has run, so a long run is done in pieces. */
const BATCH = 10_000;

/** Small enough to be reached by random inputs. */
const LIMITS = {
  ...DEFAULT_HTTP1_LIMITS,
  maxHeadBytes: 400,
  maxRequestLineBytes: 120,
  maxTrailerBytes: 60,
  maxChunkExtensionBytes: 16,
  maxHeaderCount: 9,
  maxInterimResponses: 3,
};

const pace = fc.constantFrom(...PACES);

function run(share: number, property: fc.IRawProperty<unknown, false>): void {
  const total = Math.ceil(inputs * share);
  for (let done = 0; done < total; done += BATCH) {
    fc.assert(property, { seed: seed + done, numRuns: Math.min(BATCH, total - done) });
  }
}

function requests(text: string, limits = LIMITS): Recording {
  return recordRequests(limits, [Buffer.from(text, 'latin1')], false, 'inline');
}

describe('RequestParser', () => {
  it('tells the same however the bytes arrive', () => {
    run(
      0.3,
      fc.property(anyRequests, cuts, pace, fc.boolean(), (text, fractions, how, hasEnd) => {
        const input = Buffer.from(text, 'latin1');
        const record = (pieces: Buffer[], at: Pace) => recordRequests(LIMITS, pieces, hasEnd, at);
        const whole = record([input], 'inline');
        assert.deepEqual(record(cutInto(input, fractions), how), whole);
        const bytes = Array.from(input, (_, at) => input.subarray(at, at + 1));
        assert.deepEqual(record(bytes, how), whole);
      }),
    );
  });

  it('reads a request that keeps to the rules as it was meant', () => {
    run(
      0.1,
      fc.property(validRequest, ({ bytes, method, target, host, body }) => {
        const { events, messages } = requests(bytes, DEFAULT_HTTP1_LIMITS);
        assert.equal(events.at(-1), 'end');
        assert.equal(messages.length, 1);
        const lines = messages[0]!.head.split('\r\n');
        const emptyPath = target === '/' && method === 'OPTIONS' && bytes.includes(`http://${host} `);
        assert.equal(lines[0], `${method} ${emptyPath ? '*' : target} HTTP/1.1`);
        assert(lines.some((line) => line.toLowerCase() === `host: ${host.toLowerCase()}`));
        assert.equal(messages[0]!.body, body);
      }),
    );
  });

  it('reads what the encoder makes of a request as the same request', () => {
    run(
      0.15,
      fc.property(anyRequests, (text) => {
        for (const message of requests(text, DEFAULT_HTTP1_LIMITS).messages) {
          if (!message.isComplete) continue;
          const again = requests(forwarded(message), DEFAULT_HTTP1_LIMITS);
          assert.deepEqual(again.messages, [message]);
          assert(!again.events.some((event) => event.startsWith('error')), again.events.join('\n'));
        }
      }),
    );
  });
});

describe('ResponseParser', () => {
  const method = fc.constantFrom('GET', 'HEAD', 'CONNECT');
  const upgrade = fc.constantFrom('', 'websocket');

  it('tells the same however the bytes arrive', () => {
    run(
      0.25,
      fc.property(
        anyResponses,
        cuts,
        pace,
        fc.boolean(),
        method,
        upgrade,
        (text, fractions, how, hasEnd, requestMethod, offered) => {
          const input = Buffer.from(text, 'latin1');
          const record = (pieces: Buffer[], at: Pace) =>
            recordResponses(LIMITS, pieces, hasEnd, at, requestMethod, offered);
          const whole = record([input], 'inline');
          assert.deepEqual(record(cutInto(input, fractions), how), whole);
          const bytes = Array.from(input, (_, at) => input.subarray(at, at + 1));
          assert.deepEqual(record(bytes, how), whole);
        },
      ),
    );
  });

  it('reads a response that keeps to the rules as it was meant, and what the encoder makes of it too', () => {
    run(
      0.1,
      fc.property(validResponse, fc.constantFrom(0, 1), ({ bytes, status, body, hasEnd }, clientMinor) => {
        const first = recordResponses(
          DEFAULT_HTTP1_LIMITS,
          [Buffer.from(bytes, 'latin1')],
          hasEnd,
          'inline',
          'GET',
          '',
          clientMinor,
        );
        assert.deepEqual(first.events.at(-1), 'end');
        const message = first.messages[0]!;
        assert.equal(message.body, body);
        const again = recordResponses(
          DEFAULT_HTTP1_LIMITS,
          [Buffer.from(forwarded(message), 'latin1')],
          true,
          'inline',
        );
        assert.equal(again.events.at(-1), 'end');
        assert.equal(again.messages[0]!.body, body);
        assert(again.messages[0]!.head.startsWith(`HTTP/1.1 ${status} `));
      }),
    );
  });
});

/** What Node gives out as received, as we send it on (RFC 9112 §3.2.1, §3.2.4). */
function originForm({ method, target }: NodeRequest): string {
  const path = target.replace(/^https?:\/\/[^/?]*/i, '');
  if (path === '') return method === 'OPTIONS' ? '*' : '/';
  return path.startsWith('?') ? `/${path}` : path;
}

describe("RequestParser beside Node's parser", () => {
  const reader = new NodeReader();
  after(() => reader[Symbol.dispose]());

  it('never reads another request than Node, where both read one', async () => {
    let compared = 0;
    const property = fc.asyncProperty(anyRequests, async (text) => {
      const ours = requests(text, DEFAULT_HTTP1_LIMITS);
      const complete = ours.messages.filter((message) => message.isComplete);
      // Node gives CONNECT and upgrades out in other ways.
      if (complete.length === 0 || /connect|upgrade/i.test(text)) return;
      const theirs = await reader.read(Buffer.from(text, 'latin1'));
      for (const [index, request] of theirs.slice(0, complete.length).entries()) {
        const message = complete[index]!;
        compared++;
        const [method, target] = message.head.split(' ');
        assert.equal(request.method, method);
        assert.equal(originForm(request), target);
        assert.equal(request.body, message.body);
      }
    });
    const total = Math.ceil(inputs * 0.1);
    for (let done = 0; done < total; done += BATCH) {
      await fc.assert(property, { seed: seed + done, numRuns: Math.min(BATCH, total - done) });
    }
    assert(compared > total / 10, `only ${compared} requests were compared`);
  });
});
