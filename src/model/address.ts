/** An IP address as numbers: IPv4 is one 32-bit word, IPv6 four, so that ranges compare words. */
export interface IpAddress {
  readonly version: 4 | 6;
  /** Unsigned 32-bit words, the most significant first. */
  readonly words: readonly number[];
}

/** An address in the forms that inet_pton takes (no port, no brackets, no zone), or null. */
export function parseIpAddress(text: string): IpAddress | null {
  if (text.length > 45) return null;
  if (text.includes(':')) {
    const groups = parseIpv6Groups(text);
    return groups === null ? null : { version: 6, words: toWords(groups) };
  }
  const word = parseIpv4(text);
  return word < 0 ? null : { version: 4, words: [word] };
}

/** The 32-bit word of a dotted quad without leading zeros, or -1. */
function parseIpv4(text: string): number {
  let word = 0;
  let octet = -1;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit >= 0 && digit <= 9) {
      if (octet === 0) return -1;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return -1;
    } else if (text[i] === '.' && octet >= 0 && dots < 3) {
      word = word * 256 + octet;
      octet = -1;
      dots++;
    } else {
      return -1;
    }
  }
  return octet < 0 || dots !== 3 ? -1 : word * 256 + octet;
}

function parseIpv6Groups(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0] ?? '', halves.length === 1);
  if (halves.length === 1) return head?.length === 8 ? head : null;
  const tail = parseGroups(halves[1] ?? '', true);
  if (head === null || tail === null || head.length + tail.length > 7) return null;
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** Groups between colons; the last may be a dotted quad if `mayEndInIpv4`. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | null {
  if (text === '') return [];
  const pieces = text.split(':');
  const groups: number[] = [];
  for (const [index, piece] of pieces.entries()) {
    if (mayEndInIpv4 && index === pieces.length - 1 && piece.includes('.')) {
      const word = parseIpv4(piece);
      if (word < 0) return null;
      groups.push(Math.floor(word / 65536), word % 65536);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(piece)) {
      groups.push(Number.parseInt(piece, 16));
    } else {
      return null;
    }
  }
  return groups;
}

function toWords(groups: readonly number[]): number[] {
  const words: number[] = [];
  for (let i = 0; i < groups.length; i += 2) words.push((groups[i] ?? 0) * 65536 + (groups[i + 1] ?? 0));
  return words;
}

/** Canonical text, as inet_ntop prints it (envoy-affinity §2.1). */
function formatIpAddress({ version, words }: IpAddress): string {
  if (version === 4) return formatIpv4(words[0] ?? 0);
  const groups = words.flatMap((word) => [Math.floor(word / 65536), word % 65536]);
  const { start, length } = longestZeroRun(groups);
  // IPv4-mapped and IPv4-compatible addresses end in a dotted quad.
  const hasIpv4 = start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff));
  const shown = hasIpv4 ? groups.slice(0, 6) : groups;
  let text = shown
    .slice(0, start < 0 ? undefined : start)
    .map(toHexGroup)
    .join(':');
  if (start >= 0)
    text += `::${shown
      .slice(start + length)
      .map(toHexGroup)
      .join(':')}`;
  if (!hasIpv4) return text;
  return `${text}${text.endsWith(':') ? '' : ':'}${formatIpv4(words[3] ?? 0)}`;
}

function formatIpv4(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 0xff}.${(word >>> 8) & 0xff}.${word & 0xff}`;
}

function toHexGroup(group: number): string {
  return group.toString(16);
}

/** The leftmost longest run of two or more zero groups; start -1: none. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: -1, length: 1 };
  let start = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue;
    if (i - start > best.length) best = { start, length: i - start };
    start = i + 1;
  }
  return best.start < 0 ? { start: -1, length: 0 } : best;
}

/** Canonical text of an IPv4 or IPv6 address as inet_ntop prints it (envoy-affinity §2.1); null where the text is no address. */
export function canonicalIp(text: string): string | null {
  // A dotted quad without leading zeros is canonical already.
  if (parseIpv4(text) >= 0) return text;
  const address = parseIpAddress(text);
  return address === null ? null : formatIpAddress(address);
}

/** `ip:port`, or `[ipv6]:port`; a host that is no IP address (a DNS name) is printed in lower case. */
export function formatAddress(host: string, port: number): string {
  const ip = canonicalIp(host);
  if (ip === null) return `${host.toLowerCase()}:${port}`;
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}
