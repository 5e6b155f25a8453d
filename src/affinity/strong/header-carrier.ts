import { toByteString } from '../../model/byte-string.ts';
import type { RequestView } from '../../model/request-view.ts';
import type { HeaderLookup } from '../cookie.ts';
import type { HeaderEdit } from '../header-edit.ts';
import type { Carrier, TokenIssue, TokenReader } from './strong-carrier.ts';

/** A header of Limpet's own; the client sends back what it was sent last. */
export class HeaderCarrier implements Carrier {
  readonly refreshes = true;
  readonly #name: string;

  constructor(name: string) {
    this.#name = toByteString(name);
  }

  read(request: RequestView, reader: TokenReader): boolean {
    for (let i = request.findHeader(this.#name, 0); i >= 0; i = request.findHeader(this.#name, i + 1)) {
      const value = request.headerValue(i);
      if (value !== '' && reader.tryToken(value, this)) return true;
    }
    return false;
  }

  unwrap(): null {
    return null;
  }

  write(issue: TokenIssue, _upstream: HeaderLookup, out: HeaderEdit[]): boolean {
    const token = issue.isDue ? issue.token() : null;
    if (token !== null) out.push({ op: 'set', name: this.#name, value: token });
    return false;
  }

  clear(_isSecure: boolean, out: HeaderEdit[]): void {
    out.push({ op: 'set', name: this.#name, value: '' });
  }
}
