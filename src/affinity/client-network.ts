import { parseIpAddress } from '../model/address.ts';

/**
 * Text that all clients of one network share and no others: the address without the bits behind the prefix. An
 * IPv4-mapped address is its IPv4 address; what is no address is its own network.
 */
export function toClientNetwork(text: string, ipv4PrefixLength: number, ipv6PrefixLength: number): string {
  const address = parseIpAddress(text);
  if (address === null) return text;
  const [first = 0, second = 0, third = 0, fourth = 0] = address.words;
  const isMapped = address.version === 6 && first === 0 && second === 0 && third === 0xffff;
  if (address.version === 4 || isMapped) return maskWords([isMapped ? fourth : first], ipv4PrefixLength);
  return maskWords(address.words, ipv6PrefixLength);
}

function maskWords(words: readonly number[], prefixLength: number): string {
  let text = String(prefixLength);
  for (let i = 0, rest = prefixLength; i < words.length && rest > 0; i++, rest -= 32) {
    const dropped = Math.max(0, 32 - rest);
    text += `:${(((words[i] ?? 0) >>> dropped) << dropped) >>> 0}`;
  }
  return text;
}
