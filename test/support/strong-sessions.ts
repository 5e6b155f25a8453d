import { formatKeyEntries } from '../../src/affinity/token/key-ring-text.ts';
import type { FillRandom } from '../../src/affinity/token/sealed-tokens.ts';
import { SessionKey } from '../../src/affinity/token/session-key.ts';
import type { Affinity } from '../../src/model/affinity.ts';
import type { SessionCookie, StrongSession } from '../../src/model/strong-session.ts';

/** A secret that says by itself that it is none: the same byte over and over. */
export function testSecret(byte: number): Buffer {
  return Buffer.alloc(32, byte);
}

/** Keys of such secrets; the last one seals. */
export function testKeys(...bytes: readonly number[]): SessionKey[] {
  return bytes.map((byte, index) => new SessionKey(testSecret(byte), index));
}

export function testKeyText(...bytes: readonly number[]): string {
  return formatKeyEntries(bytes.map((byte, index) => ({ secret: testSecret(byte), sealsFromSeconds: index })));
}

/** Counts up instead of being random: no two nonces are equal, and every run has the same. */
export function countingRandom(): FillRandom {
  let count = 0;
  return (bytes) => {
    count++;
    new DataView(bytes.buffer, bytes.byteOffset, bytes.length).setUint32(0, count);
  };
}

export const SESSION_COOKIE: SessionCookie = {
  name: 'sid',
  path: '/',
  domain: '',
  sameSite: 'Lax',
  secure: 'scheme',
  httpOnly: true,
  partitioned: false,
  persistent: false,
};

export function strongSession(overrides: Partial<StrongSession> = {}): Extract<Affinity, { kind: 'strongSession' }> {
  return {
    kind: 'strongSession',
    session: {
      policy: 'policy',
      scopes: ['policy service'],
      carriers: [{ kind: 'cookie', cookie: SESSION_COOKIE }],
      token: { kind: 'sealed', keyRing: '', keyIds: [], acceptAddressTokens: false },
      identity: 'uid',
      idleTimeoutMillis: null,
      absoluteTimeoutMillis: null,
      fallback: [],
      newSessions: { kind: 'leastSessions' },
      maxSessionsPerEndpoint: null,
      slowStart: null,
      onLost: { kind: 'rehome' },
      lostHeader: '',
      drainDeadlineMillis: null,
      rebalance: null,
      ...overrides,
    },
  };
}
