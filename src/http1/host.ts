import { HEX, REG_NAME } from './characters.ts';

const COLON = 0x3a;
const PERCENT = 0x25;
const OPEN = 0x5b;

/** Whether `text` is a Host value: `uri-host [ ":" port ]` with a host that is not empty (RFC 9110 §7.2, RFC 3986 §3.2.2). */
export function isHost(text: string): boolean {
  const end = text.charCodeAt(0) === OPEN ? ipLiteralEnd(text) : regNameEnd(text);
  return end > 0 && (end === text.length || (text.charCodeAt(end) === COLON && isPort(text, end + 1)));
}

/** Whether `text` is `uri-host ":" port` with neither of them empty: what CONNECT wants (RFC 9112 §3.2.3). */
export function isHostWithPort(text: string): boolean {
  return isHost(text) && /:[0-9]+$/.test(text) && !text.endsWith(']');
}

/** Whether two valid Host values mean the same: case apart, and a port that is `scheme`'s own may be missing. */
export function isSameHost(a: string, b: string, scheme: string): boolean {
  return a === b || normalized(a, scheme) === normalized(b, scheme);
}

function normalized(host: string, scheme: string): string {
  const lower = host.toLowerCase();
  const ownPort = scheme === 'https' ? ':443' : ':80';
  if (lower.endsWith(ownPort)) return lower.slice(0, -ownPort.length);
  return lower.endsWith(':') ? lower.slice(0, -1) : lower;
}

/** Where the registered name (or IPv4 address, which is one too) at the head of `text` ends. */
function regNameEnd(text: string): number {
  let i = 0;
  while (i < text.length) {
    const code = text.charCodeAt(i);
    if (REG_NAME[code] === 1) i++;
    else if (code === PERCENT && isPercentEncoded(text, i)) i += 3;
    else break;
  }
  return i;
}

/** Whether a percent sign at `at` is followed by two hexadecimal digits (RFC 3986 §2.1). */
export function isPercentEncoded(text: string, at: number): boolean {
  // Beyond the end charCodeAt gives NaN, which no table has.
  return (HEX[text.charCodeAt(at + 1)] ?? 0) > 0 && (HEX[text.charCodeAt(at + 2)] ?? 0) > 0;
}

/** Digits up to the end of `text`; RFC 3986 §3.2.3 allows none at all, TCP none above 65535. */
function isPort(text: string, start: number): boolean {
  if (text.length - start > 5) return false;
  let port = 0;
  for (let i = start; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= 65535;
}

/** Where `"[" ( IPv6address / IPvFuture ) "]"` at the head of `text` ends; -1: there is none. */
function ipLiteralEnd(text: string): number {
  const close = text.indexOf(']');
  if (close === -1) return -1;
  const address = text.slice(1, close);
  return isIpv6(address) || /^v[0-9a-f]+\.[a-z0-9\-._~!$&'()*+,;=:]+$/i.test(address) ? close + 1 : -1;
}

/** IPv6address of RFC 3986 §3.2.2: no zone. */
function isIpv6(text: string): boolean {
  const halves = text.split('::');
  if (halves.length > 2) return false;
  let groups = 0;
  for (const [index, half] of halves.entries()) {
    if (half === '') continue;
    const parts = half.split(':');
    for (const [at, part] of parts.entries()) {
      const isLast = index === halves.length - 1 && at === parts.length - 1;
      if (isLast && part.includes('.')) {
        if (!isIpv4(part)) return false;
        groups += 2;
      } else {
        if (!/^[0-9a-f]{1,4}$/i.test(part)) return false;
        groups++;
      }
    }
  }
  // "::" stands for one group at least.
  return halves.length === 2 ? groups <= 7 : groups === 8;
}

function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255);
}
