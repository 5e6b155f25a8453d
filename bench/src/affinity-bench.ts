// Nanoseconds of the affinity core's steps: `node --expose-gc bench/src/affinity-bench.ts`.
import { randomBytes, randomFillSync } from 'node:crypto';
import { bench, do_not_optimize, group, run } from 'mitata';
import { parseCookieLine } from '../../src/affinity/cookie.ts';
import { compileHashPolicies } from '../../src/affinity/hash-policies.ts';
import { Hash64 } from '../../src/affinity/hash64.ts';
import { compileMaglev } from '../../src/affinity/maglev-table.ts';
import { murmurHash2 } from '../../src/affinity/murmur-hash.ts';
import { compileRing } from '../../src/affinity/ring-table.ts';
import { SealedFormat } from '../../src/affinity/strong/token-format.ts';
import type { TokenContent } from '../../src/affinity/token/opened-token.ts';
import { SessionKey } from '../../src/affinity/token/session-key.ts';
import { SessionTokens } from '../../src/affinity/token/session-tokens.ts';
import { xxHash64 } from '../../src/affinity/xx-hash.ts';
import { createRequestView } from '../../test/support/request-view.ts';

const MAGLEV_SIZE = 65_537;
const RING = { minimumSize: 1024, maximumSize: 8_388_608, hashFunction: 'xxHash' } as const;

const out = new Hash64();
const hashes = Array.from({ length: 1024 }, (_, i) => {
  const hash = new Hash64();
  return xxHash64(`session-${i}`, hash) ?? hash;
});
let turn = 0;
const nextHash = (): Hash64 => hashes[turn++ & 1023] ?? out;

function endpoints(count: number): [keys: string[], weights: Float64Array] {
  const keys = Array.from({ length: count }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}:8080`);
  return [keys, new Float64Array(count).fill(1 / count)];
}

// What an empty body costs here, and a first round for the harness itself.
bench('noop', () => {});

group('hash a key', () => {
  for (const length of [16, 64, 512]) {
    const key = 'k'.repeat(length);
    bench(`xxHash64, ${length} bytes`, () => do_not_optimize(xxHash64(key, out)));
  }
  const key = 'k'.repeat(16);
  bench('murmurHash2, 16 bytes', () => do_not_optimize(murmurHash2(key, out)));
});

group('pick an endpoint', () => {
  for (const count of [3, 100, 10_000]) {
    const ring = compileRing(...endpoints(count), RING);
    bench(`ring, ${count} endpoints`, () => do_not_optimize(ring.lookup(nextHash(), 0)));
  }
  for (const count of [3, 100, 10_000]) {
    const maglev = compileMaglev(...endpoints(count), MAGLEV_SIZE);
    bench(`Maglev, ${count} endpoints`, () => do_not_optimize(maglev.lookup(nextHash(), 0)));
  }
});

group('find the key of a request', () => {
  const line = 'theme=dark; lang=en; ISTIOID=0123456789abcdef; other=1';
  bench('parse a cookie line', () => do_not_optimize(parseCookieLine(line, 'ISTIOID')));
  const policies = compileHashPolicies(
    [
      {
        kind: 'cookie',
        cookie: { name: 'ISTIOID', ttlMillis: 60_000, path: '', attributes: [] },
        terminal: false,
      },
    ],
    'route',
  );
  const request = createRequestView({
    headers: [
      ['accept', '*/*'],
      ['cookie', line],
    ],
  });
  bench('cookie policy to hash', () => do_not_optimize(policies.evaluate(request, null, out)));
});

group('a session token', () => {
  const tokens = new SessionTokens(randomFillSync);
  tokens.keyRings.get('').replace([new SessionKey(randomBytes(32), 0)]);
  const scope = tokens.scope('', 'policy shop/cart Service shop/cart');
  const now = 1_800_000_000;
  const content: TokenContent = {
    id: { hi: 1, lo: 2 },
    endpoint: { kind: 'uid', text: '5c8ad2a1-7f0e-4a57-9d1f-8f8f0b1a2c3d' },
    issuedSeconds: now,
    lastUsedSeconds: now,
    expiresSeconds: 0,
    released: false,
  };
  const sealed = scope.seal(content, now) ?? '';
  bench('seal', () => do_not_optimize(scope.seal(content, now)));
  bench('open, at first', () => do_not_optimize(scope.open(sealed)));
  // As requests bring them: each head is a new text, and the token a piece of it.
  const format = new SealedFormat([scope], tokens.opened, null);
  const lines = Array.from({ length: 1024 }, (_, i) => {
    const token = scope.seal({ ...content, id: { hi: i, lo: i } }, now) ?? '';
    return Buffer.from(`theme=dark; lang=en; sid=${token}; other=1`, 'latin1');
  });
  for (const line of lines) format.read(parseCookieLine(line.toString('latin1'), 'sid') ?? '');
  bench('a head as text', () => do_not_optimize(lines[turn++ & 1023]?.toString('latin1')));
  bench('a head as text, its cookie found and opened again', () => {
    const line = lines[turn++ & 1023]?.toString('latin1') ?? '';
    do_not_optimize(format.read(parseCookieLine(line, 'sid') ?? ''));
  });
});

group('build a table', () => {
  for (const count of [3, 1000]) {
    const [keys, weights] = endpoints(count);
    bench(`ring, ${count} endpoints`, () => do_not_optimize(compileRing(keys, weights, RING)));
    bench(`Maglev, ${count} endpoints`, () => do_not_optimize(compileMaglev(keys, weights, MAGLEV_SIZE)));
  }
});

await run();
