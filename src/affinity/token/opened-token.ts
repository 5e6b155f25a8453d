import type { SessionId } from '../session-ledger.ts';

/** What a token names a pod by. */
export type IdentityKind = 'uid' | 'name' | 'address';

export interface EndpointName {
  readonly kind: IdentityKind;
  /** A uid, `namespace/name`, or `ip:port`. */
  readonly text: string;
}

/** What a token says of its session. */
export interface TokenContent {
  readonly id: SessionId;
  readonly endpoint: EndpointName;
  /** Unix times in whole seconds. */
  readonly issuedSeconds: number;
  readonly lastUsedSeconds: number;
  /** 0: never. */
  readonly expiresSeconds: number;
  /** The application said that the session may move. */
  readonly released: boolean;
}

/** Why a token does not count. The client never learns which; the decision record and the metrics say it. */
export type TokenFault = 'malformed' | 'retired-key' | 'other-scope' | 'forged' | 'expired' | 'idle-expired';
