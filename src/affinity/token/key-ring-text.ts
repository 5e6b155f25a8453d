import { SECRET_BYTES, SessionKey, toKeyId } from './session-key.ts';

/** A key as it stands in a file. */
export interface KeyEntry {
  readonly secret: Buffer;
  /** Unix time in seconds from which the key seals. */
  readonly sealsFromSeconds: number;
}

/** More keys than anybody rotates through while sessions live. */
const MAX_KEYS = 64;

/** The text is no key ring. The message names what is wrong and never quotes a key. */
export class KeyRingTextError extends Error {}

/** Parses the text of a key file or of a Secret's `keys.json`. Throws KeyRingTextError. */
export function parseKeyRing(text: string): SessionKey[] {
  return parseKeyEntries(text).map(({ secret, sealsFromSeconds }) => new SessionKey(secret, sealsFromSeconds));
}

/** The same with the secrets, for writing a file anew. */
export function parseKeyEntries(text: string): KeyEntry[] {
  const root = parseObject(parseJson(text), 'the file');
  if (root['version'] !== 1) throw new KeyRingTextError('version must be 1');
  const { keys } = root;
  if (!Array.isArray(keys) || keys.length === 0) throw new KeyRingTextError('keys must be a list of at least one key');
  if (keys.length > MAX_KEYS)
    throw new KeyRingTextError(`there are ${keys.length} keys, ${MAX_KEYS} at most are allowed`);
  const entries = keys.map((key: unknown, index) => parseEntry(key, `keys[${index}]`));
  const ids = entries.map(({ secret }) => toKeyId(secret));
  const repeated = ids.findIndex((id, index) => ids.indexOf(id) !== index);
  if (repeated >= 0) throw new KeyRingTextError(`keys[${repeated}] is there twice`);
  return entries;
}

export function formatKeyEntries(entries: readonly KeyEntry[]): string {
  const keys = entries.map(({ secret, sealsFromSeconds }) => ({
    id: toKeyId(secret),
    key: secret.toString('base64url'),
    sealsFrom: new Date(sealsFromSeconds * 1000).toISOString(),
  }));
  return `${JSON.stringify({ version: 1, keys }, null, 2)}\n`;
}

function parseEntry(value: unknown, where: string): KeyEntry {
  const entry = parseObject(value, where);
  const { key, id, sealsFrom } = entry;
  const secret = typeof key === 'string' && /^[A-Za-z0-9_-]*$/.test(key) ? Buffer.from(key, 'base64url') : null;
  if (secret?.length !== SECRET_BYTES) {
    throw new KeyRingTextError(`${where}.key must be ${SECRET_BYTES} bytes as base64url`);
  }
  if (id !== undefined && id !== toKeyId(secret)) throw new KeyRingTextError(`${where}.id does not belong to its key`);
  const millis = typeof sealsFrom === 'string' ? Date.parse(sealsFrom) : Number.NaN;
  if (!(millis >= 0)) throw new KeyRingTextError(`${where}.sealsFrom must be a time, such as 2026-01-31T12:00:00Z`);
  return { secret, sealsFromSeconds: Math.floor(millis / 1000) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The cause's message would quote the text.
    throw new KeyRingTextError(`it is no JSON${error instanceof SyntaxError ? '' : ' that can be read'}`);
  }
}

function parseObject(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new KeyRingTextError(`${where} must be an object`);
  }
  return value as Record<string, unknown>;
}
