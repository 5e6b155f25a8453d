import type { TimedResponse } from '../support/keep-alive-connection.ts';

/**
 * `cookie` and `header`: brings the token back that way. `silent`: never brings a token. `forger`: brings tokens that it
 * made itself.
 */
export type ClientKind = 'cookie' | 'header' | 'silent' | 'forger';

/** Where a system's token travels. */
export interface Carriers {
  readonly cookie: string;
  /** Lower case; null: the system has no header, and those who would use it take the cookie. */
  readonly header: string | null;
}

/** One client: its token, and what it knows itself of its session. */
export class SessionClient {
  readonly kind: ClientKind;
  /** What the balancer in front of the gateways says of it. */
  readonly address: string;
  readonly number: number;
  /** Cookie or header value; empty: it has none. */
  token = '';
  /** Pod that answered last; empty: its session has not begun. */
  pod = '';
  /** Number of the configuration change before that answer. */
  epoch = 0;
  #session = 0;

  constructor(number: number, kind: ClientKind) {
    this.number = number;
    this.kind = kind;
    this.address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
  }

  get hasSession(): boolean {
    return this.kind === 'cookie' || this.kind === 'header';
  }

  /** Names the session to pods; a gateway makes nothing of it. */
  get sessionId(): string {
    return `${this.number}-${this.#session}`;
  }

  /** The next request begins another session. */
  forget(): void {
    this.#session++;
    this.token = '';
    this.pod = '';
  }

  /** Header lines of its next request. */
  lines(carriers: Carriers, token: string = this.token): string {
    const from = `x-forwarded-for: ${this.address}\r\n`;
    if (this.kind === 'silent' || token === '') return from;
    if (this.#usesHeader(carriers)) return `${from}${carriers.header}: ${token}\r\n`;
    return `${from}cookie: theme=dark; ${carriers.cookie}=${token}\r\n`;
  }

  /** Keeps the token of a response as a browser does, or an API client the header. */
  keep({ head }: TimedResponse, carriers: Carriers): void {
    if (this.#usesHeader(carriers)) {
      const [, value] = new RegExp(`\\r\\n${carriers.header}: ([^\\r]*)`, 'i').exec(head) ?? [];
      if (value !== undefined) this.token = value;
      return;
    }
    const pattern = new RegExp(`\\r\\nset-cookie: ${carriers.cookie}=([^;\\r]*)([^\\r]*)`, 'gi');
    for (const [, value = '', attributes = ''] of head.matchAll(pattern)) {
      // Over plain HTTP a browser drops these.
      if (/;\s*secure\b/i.test(attributes)) continue;
      this.token = /;\s*max-age=0\b/i.test(attributes) ? '' : value;
    }
  }

  #usesHeader({ header }: Carriers): boolean {
    return this.kind === 'header' && header !== null;
  }
}
