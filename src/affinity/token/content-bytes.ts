import type { EndpointName, TokenContent } from './opened-token.ts';

// One byte of flags, three times, the id, then the endpoint's name to the end.
const FLAGS = 0;
const ISSUED = 1;
const LAST_USED = 5;
const EXPIRES = 9;
const ID = 13;
const NAME = 21;

const RELEASED = 0x01;
const NAME_FORM = 0x06;
/** A uid in its usual form as 16 bytes. */
const BINARY_UID = 0x00;
const TEXT_UID = 0x02;
const POD_NAME = 0x04;
const ADDRESS = 0x06;
const KNOWN_FLAGS = RELEASED | NAME_FORM;

/** Bytes of the shortest content: a name is never empty. */
export const MIN_CONTENT_BYTES: number = NAME + 1;
/** A namespace and a name of Kubernetes have 63 and 253 characters at most. */
export const MAX_CONTENT_BYTES: number = NAME + 320;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The bytes that are sealed; null: the endpoint's name does not fit. */
export function encodeContent(content: TokenContent): Buffer | null {
  const { form, bytes: name } = encodeName(content.endpoint);
  if (name.length === 0 || NAME + name.length > MAX_CONTENT_BYTES) return null;
  const bytes = Buffer.alloc(NAME + name.length);
  bytes[FLAGS] = form | (content.released ? RELEASED : 0);
  bytes.writeUInt32BE(content.issuedSeconds, ISSUED);
  bytes.writeUInt32BE(content.lastUsedSeconds, LAST_USED);
  bytes.writeUInt32BE(content.expiresSeconds, EXPIRES);
  bytes.writeUInt32BE(content.id.hi >>> 0, ID);
  bytes.writeUInt32BE(content.id.lo >>> 0, ID + 4);
  name.copy(bytes, NAME);
  return bytes;
}

/** null: authentic, but of a kind that this release does not know. */
export function decodeContent(bytes: Buffer): TokenContent | null {
  const flags = bytes[FLAGS] ?? 0xff;
  if (bytes.length < MIN_CONTENT_BYTES || (flags & ~KNOWN_FLAGS) !== 0) return null;
  const endpoint = decodeName(flags & NAME_FORM, bytes.subarray(NAME));
  if (endpoint === null) return null;
  return {
    id: { hi: bytes.readUInt32BE(ID), lo: bytes.readUInt32BE(ID + 4) },
    endpoint,
    issuedSeconds: bytes.readUInt32BE(ISSUED),
    lastUsedSeconds: bytes.readUInt32BE(LAST_USED),
    expiresSeconds: bytes.readUInt32BE(EXPIRES),
    released: (flags & RELEASED) !== 0,
  };
}

function encodeName({ kind, text }: EndpointName): { form: number; bytes: Buffer } {
  if (kind === 'uid' && UUID.test(text)) {
    return { form: BINARY_UID, bytes: Buffer.from(text.replaceAll('-', ''), 'hex') };
  }
  const form = kind === 'uid' ? TEXT_UID : kind === 'name' ? POD_NAME : ADDRESS;
  return { form, bytes: Buffer.from(text, 'utf8') };
}

function decodeName(form: number, bytes: Buffer): EndpointName | null {
  if (form !== BINARY_UID) {
    const kind = form === TEXT_UID ? 'uid' : form === POD_NAME ? 'name' : 'address';
    return { kind, text: bytes.toString('utf8') };
  }
  if (bytes.length !== 16) return null;
  const hex = bytes.toString('hex');
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)];
  return { kind: 'uid', text: groups.join('-') };
}
