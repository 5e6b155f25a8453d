import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { countingRandom, testKeys } from '../../../test/support/strong-sessions.ts';
import { KeyRing } from './key-ring.ts';
import type { IdentityKind, TokenContent } from './opened-token.ts';
import { isTokenShaped, SealedTokens } from './sealed-tokens.ts';

const NOW = 1_800_000_000;
const CONTENT: TokenContent = {
  id: { hi: 0xdeadbeef, lo: 7 },
  endpoint: { kind: 'uid', text: '5c8ad2a1-7f0e-4a57-9d1f-8f8f0b1a2c3d' },
  issuedSeconds: NOW - 60,
  lastUsedSeconds: NOW,
  expiresSeconds: 0,
  released: false,
};

const seconds = fc.integer({ min: 0, max: 0xffffffff });
const half = fc.integer({ min: 0, max: 0xffffffff });
const PLAIN = { noNullPrototype: true } as const;
const content: fc.Arbitrary<TokenContent> = fc.record(
  {
    id: fc.record({ hi: half, lo: half }, PLAIN),
    endpoint: fc.oneof(
      fc.uuid().map((text) => ({ kind: 'uid' as const, text })),
      fc.record(
        {
          kind: fc.constantFrom<IdentityKind>('uid', 'name', 'address'),
          text: fc.string({ minLength: 1, maxLength: 60 }),
        },
        PLAIN,
      ),
    ),
    issuedSeconds: seconds,
    lastUsedSeconds: seconds,
    expiresSeconds: seconds,
    released: fc.boolean(),
  },
  PLAIN,
);

function tokensOf(scope = 'shop/cart', ...bytes: readonly number[]): SealedTokens {
  return new SealedTokens(new KeyRing(testKeys(...(bytes.length === 0 ? [1] : bytes))), scope, countingRandom());
}

function sealed(tokens: SealedTokens, what = CONTENT): string {
  const text = tokens.seal(what, NOW);
  assert.ok(text !== null);
  return text;
}

describe('sealed tokens', () => {
  it('say after opening what was sealed', () => {
    const tokens = tokensOf();
    fc.assert(fc.property(content, (what) => assert.deepEqual(tokens.open(sealed(tokens, what)), what)));
  });

  it('fit a cookie, and show neither pod nor time', () => {
    const tokens = tokensOf();
    const [first, second] = [sealed(tokens), sealed(tokens)];
    assert.match(first, /^[A-Za-z0-9_-]+$/);
    assert.ok(first.length < 120);
    // What two tokens of one session share is the head: version, key and scope tag.
    assert.equal(first.slice(0, 11), second.slice(0, 11));
    assert.notEqual(first.slice(11), second.slice(11));
  });

  it('are refused when any bit of them is flipped', () => {
    const tokens = tokensOf();
    const text = sealed(tokens);
    for (let index = 0; index < text.length; index++) {
      for (let bit = 0; bit < 7; bit++) {
        const flipped = String.fromCharCode(text.charCodeAt(index) ^ (1 << bit));
        const opened = tokens.open(text.slice(0, index) + flipped + text.slice(index + 1));
        assert.equal(typeof opened, 'string', `bit ${bit} of character ${index}`);
      }
    }
  });

  it('are refused when bytes are cut off, added or swapped', () => {
    const tokens = tokensOf();
    const [text, other] = [sealed(tokens), sealed(tokens, { ...CONTENT, released: true })];
    for (let end = 0; end < text.length; end++) assert.equal(typeof tokens.open(text.slice(0, end)), 'string');
    for (const more of ['A', 'AAAA', '=', '==', ' ']) assert.equal(typeof tokens.open(text + more), 'string');
    for (let cut = 12; cut < text.length; cut++) {
      const mixed = text.slice(0, cut) + other.slice(cut);
      if (mixed !== text && mixed !== other) assert.equal(typeof tokens.open(mixed), 'string');
    }
  });

  it('of another scope are refused, and by the keyed tag told from forged ones', () => {
    const key = testKeys(1);
    const scopes = fc.uniqueArray(fc.string({ maxLength: 40 }), { minLength: 2, maxLength: 2 });
    fc.assert(
      fc.property(scopes, content, ([one = '', other = ''], what) => {
        const ring = new KeyRing(key);
        const token = sealed(new SealedTokens(ring, one, countingRandom()), what);
        const opened = new SealedTokens(ring, other, countingRandom()).open(token);
        // Tags have 24 bits; where they meet, the associated data still refuses.
        assert.ok(opened === 'other-scope' || opened === 'forged');
      }),
    );
  });

  it('bind the scope even where its tag is copied over', () => {
    const [mine, theirs] = [sealed(tokensOf('mine')), sealed(tokensOf('theirs'))];
    assert.equal(tokensOf('mine').open(mine.slice(0, 11) + theirs.slice(11)), 'forged');
  });

  it('of a key that is not in the ring are refused as such', () => {
    const ring = new KeyRing(testKeys(1, 2));
    const tokens = new SealedTokens(ring, 's', countingRandom());
    const text = sealed(tokens);
    ring.replace(testKeys(1));
    assert.equal(tokens.open(text), 'retired-key');
    ring.replace(testKeys(2, 3));
    assert.deepEqual(tokens.open(text), CONTENT);
  });

  it('never make opening throw, whatever the text', () => {
    const tokens = tokensOf();
    const shaped = fc.stringMatching(/^1[A-Za-z0-9_-]{75,300}$/);
    const keyed = shaped.map((text) => sealed(tokens).slice(0, 11) + text);
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), shaped, keyed), (text) => {
        assert.equal(typeof tokens.open(text), 'string');
      }),
      { numRuns: 2000 },
    );
  });

  it('are not made without a key, or for a name that is too long', () => {
    const none = new SealedTokens(new KeyRing(), 's', countingRandom());
    assert.equal(none.seal(CONTENT, NOW), null);
    const long = { ...CONTENT, endpoint: { kind: 'name' as const, text: 'x'.repeat(400) } };
    assert.equal(tokensOf().seal(long, NOW), null);
  });
});

describe('isTokenShaped', () => {
  it('holds for what is sealed, and for no address token and no common session id', () => {
    const tokens = tokensOf();
    fc.assert(fc.property(content, (what) => assert.ok(isTokenShaped(sealed(tokens, what)))));
    for (const text of ['', '1', 'Cg8xMC4xMzAuMC44OjgwODA=', '1A2B3C4D5E6F7A8B9C0D', 'x'.repeat(200)]) {
      assert.equal(isTokenShaped(text), false);
    }
  });
});
