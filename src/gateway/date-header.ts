let cachedSecond = -1;
let cachedLine = '';

/** `date: ...\r\n` of now; the text changes once a second (RFC 9110 §6.6.1). */
export function dateLine(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== cachedSecond) {
    cachedSecond = second;
    cachedLine = `date: ${new Date(second * 1000).toUTCString()}\r\n`;
  }
  return cachedLine;
}
