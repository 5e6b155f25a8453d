import { type IpAddress, parseIpAddress } from '../model/address.ts';
import type { Cidr } from '../model/listener.ts';

/** Address ranges, ready to be asked. Ranges whose address does not parse match nothing. */
export class CidrSet {
  readonly #ranges: readonly { readonly address: IpAddress; readonly prefixLength: number }[];

  constructor(cidrs: readonly Cidr[]) {
    this.#ranges = cidrs.flatMap(({ address, prefixLength }) => {
      const parsed = parseIpAddress(address);
      return parsed === null ? [] : [{ address: parsed, prefixLength }];
    });
  }

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  /** An IPv4 address is in IPv4 ranges only; the IPv4-mapped form is IPv6. */
  has(address: IpAddress): boolean {
    return this.#ranges.some(
      (range) => range.address.version === address.version && sharesPrefix(range.address, address, range.prefixLength),
    );
  }

  /** True if `text` is an address of a range. */
  hasText(text: string): boolean {
    if (this.#ranges.length === 0) return false;
    const address = parseIpAddress(text);
    return address !== null && this.has(address);
  }
}

/** Word by word; the last one only by its leading bits. */
function sharesPrefix(a: IpAddress, b: IpAddress, prefixLength: number): boolean {
  let rest = prefixLength;
  for (let i = 0; rest > 0 && i < a.words.length; i++, rest -= 32) {
    const shift = Math.max(0, 32 - rest);
    if ((a.words[i] ?? 0) >>> shift !== (b.words[i] ?? 0) >>> shift) return false;
  }
  return true;
}
