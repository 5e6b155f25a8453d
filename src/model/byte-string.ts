/**
 * A byte string is a JavaScript string in which every character is one byte (latin1): what HTTP heads are read as.
 * Texts of a configuration become byte strings when they are compiled for comparison with such heads.
 */

/** The UTF-8 bytes of a text from the configuration, as a byte string; ASCII texts are returned as they are. */
export function toByteString(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** A-Z to a-z and every other byte kept: toLowerCase() would also fold latin1 letters, which here are halves of others. */
export function toLowerAscii(bytes: string): string {
  const lower = bytes.toLowerCase();
  if (lower === bytes || isAscii(bytes)) return lower;
  return bytes.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}
