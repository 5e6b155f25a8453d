import type { DecisionRecord } from './decision.ts';
import type { Origin } from './origin.ts';

/** A request to explain, as a user writes it on a command line or posts it to the admin API. */
export interface ExplainRequest {
  readonly method: string;
  /** Absolute: the scheme's port or the one written picks the listener, the host is what the client asks for. */
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Address of the client's connection; null: 127.0.0.1. */
  readonly sourceIp: string | null;
}

/** The stages of a decision, in the order they happen. */
export type ExplanationStage =
  | 'listener'
  | 'virtualHost'
  | 'route'
  | 'target'
  | 'token'
  | 'key'
  | 'balancer'
  | 'endpoint'
  | 'response';

export interface ExplanationStep {
  readonly step: ExplanationStage;
  /** One sentence without a full stop; never a key's or a token's value. */
  readonly text: string;
  /** The line of the user's input that says so; null where a default or the request itself decides. */
  readonly origin: Origin | null;
}

/** Why a request goes to its endpoint. Nothing is sent to get one. */
export interface Explanation {
  readonly request: ExplainRequest;
  readonly steps: readonly ExplanationStep[];
  /** What the access log would print; null: no route was found, so nothing was decided. */
  readonly decision: DecisionRecord | null;
  /** Status that the gateway answers by itself; null: the endpoint answers. */
  readonly status: number | null;
  /** Names of the cookies that the response would set; their values are secrets of the client. */
  readonly setCookies: readonly string[];
}
