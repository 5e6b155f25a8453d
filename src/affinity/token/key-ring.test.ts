import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import { testKeyText, testSecret } from '../../../test/support/strong-sessions.ts';
import { KeyRing } from './key-ring.ts';
import { KeyRingTextError, parseKeyEntries, parseKeyRing } from './key-ring-text.ts';
import { SessionKey } from './session-key.ts';

const EARLY = new SessionKey(testSecret(1), 100);
const LATE = new SessionKey(testSecret(2), 200);

describe('KeyRing', () => {
  it('seals with the key whose time came last', () => {
    const ring = new KeyRing([LATE, EARLY]);
    assert.equal(ring.sealingKey(150)?.id, EARLY.id);
    assert.equal(ring.sealingKey(199)?.id, EARLY.id);
    assert.equal(ring.sealingKey(200)?.id, LATE.id);
    assert.equal(ring.sealingKey(50)?.id, EARLY.id);
    assert.equal(new KeyRing().sealingKey(0), null);
  });

  it('counts its changes', () => {
    const ring = new KeyRing([EARLY]);
    const before = ring.version;
    ring.replace([EARLY, LATE]);
    assert.notEqual(ring.version, before);
    assert.equal(ring.sealingKey(300)?.id, LATE.id);
  });
});

describe('SessionKey', () => {
  it('prints nothing of its secret', () => {
    const key = new SessionKey(Buffer.from('0123456789abcdef0123456789abcdef'), 0);
    for (const text of [inspect(key, { depth: 9, showHidden: true }), JSON.stringify(key)]) {
      assert.doesNotMatch(text, /0123456789|30 31 32/);
      assert.match(text, new RegExp(key.id));
    }
  });
});

describe('parseKeyRing', () => {
  it('reads what is written', () => {
    assert.deepEqual(
      parseKeyRing(testKeyText(1, 2)).map(({ id, sealsFromSeconds }) => [id, sealsFromSeconds]),
      [new SessionKey(testSecret(1), 0), new SessionKey(testSecret(2), 1)].map(({ id, sealsFromSeconds }) => [
        id,
        sealsFromSeconds,
      ]),
    );
    assert.deepEqual(parseKeyEntries(testKeyText(1))[0]?.secret, testSecret(1));
  });

  it('says what is wrong without quoting it', () => {
    const key = testSecret(3).toString('base64url');
    const entry = (fields: object): string => JSON.stringify({ version: 1, keys: [fields] });
    const cases: readonly (readonly [text: string, message: RegExp])[] = [
      ['', /no JSON/],
      [`{"version": 1, "keys": ["${key}`, /no JSON/],
      ['[]', /must be an object/],
      ['{"version": 2, "keys": []}', /version/],
      ['{"version": 1, "keys": []}', /at least one key/],
      [entry({ key: key.slice(1), sealsFrom: '2026-01-01T00:00:00Z' }), /keys\[0\]\.key must be 32 bytes/],
      [entry({ key: `${key.slice(0, -1)}*`, sealsFrom: '2026-01-01T00:00:00Z' }), /keys\[0\]\.key/],
      [entry({ key, sealsFrom: 'soon' }), /keys\[0\]\.sealsFrom/],
      [entry({ key }), /keys\[0\]\.sealsFrom/],
      [entry({ key, id: 'AAAAAA', sealsFrom: '2026-01-01T00:00:00Z' }), /keys\[0\]\.id/],
      [testKeyText(1, 1), /there twice/],
      [testKeyText(...Array.from({ length: 65 }, (_, index) => index)), /65 keys/],
    ];
    for (const [text, message] of cases) {
      assert.throws(
        () => parseKeyRing(text),
        (error: unknown) => {
          assert.ok(error instanceof KeyRingTextError);
          assert.match(error.message, message);
          assert.ok(!error.message.includes(key.slice(0, 8)));
          return true;
        },
      );
    }
  });
});
