const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const INVALID = 0xff;
const PAD = 0x3d;

const VALUES = new Uint8Array(256).fill(INVALID);
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/** Standard base64 with padding of a byte string. */
export function encodeBase64(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('base64');
}

/**
 * The bytes that `text` stands for, or null at any fault: wrong length, other characters, padding elsewhere than at
 * the end, unused bits that are not zero (envoy-affinity §13.4).
 */
export function decodeBase64(text: string): string | null {
  const { length } = text;
  if (length === 0) return '';
  if (length % 4 !== 0) return null;
  const pads = text.charCodeAt(length - 1) !== PAD ? 0 : text.charCodeAt(length - 2) !== PAD ? 1 : 2;
  let bytes = '';
  let bits = 0;
  for (let i = 0; i < length - pads; i++) {
    const code = text.charCodeAt(i);
    const value = code < 256 ? VALUES[code]! : INVALID;
    if (value === INVALID) return null;
    bits = ((bits << 6) | value) & 0xffffff;
    if (i % 4 === 3) bytes += String.fromCharCode(bits >>> 16, (bits >>> 8) & 0xff, bits & 0xff);
  }
  if (pads === 1) {
    if ((bits & 0x3) !== 0) return null;
    bytes += String.fromCharCode((bits >>> 10) & 0xff, (bits >>> 2) & 0xff);
  } else if (pads === 2) {
    if ((bits & 0xf) !== 0) return null;
    bytes += String.fromCharCode((bits >>> 4) & 0xff);
  }
  return bytes;
}
