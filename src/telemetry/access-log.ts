import type { DecisionRecord } from '../model/decision.ts';
import { LineFile } from './line-file.ts';

/** One finished exchange. Strings from the wire are byte strings (latin1). Empty strings and null print as null. */
export interface AccessRecord {
  /** Unix time in milliseconds at which the request's head was complete. */
  readonly startedAt: number;
  readonly durationMillis: number;
  readonly requestId: string;
  readonly listener: string;
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  readonly protocol: string;
  /** 0: the client left before there was a status. */
  readonly status: number;
  /** Envoy's response flags, such as `UF,URX`. */
  readonly responseFlags: string;
  /** From the first byte sent upstream to the response's head; -1: there was none. */
  readonly upstreamServiceMillis: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
  readonly downstreamRemoteAddress: string;
  readonly upstreamPod: string;
  readonly route: string;
  readonly attempts: number;
  readonly userAgent: string;
  /** null: no route, so nothing was decided. */
  readonly decision: DecisionRecord | null;
}

export interface AccessLog {
  /** Lines that could not be written in time and are lost. */
  readonly dropped: number;
  write(record: AccessRecord): void;
  /** Opens the file again after it was moved away by log rotation. */
  reopen(): void;
  /** Resolves when every line is written. */
  close(): Promise<void>;
}

export type AccessLogTarget =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'off' };

/** JSON lines (architecture: Access log). Throws with a message for the user when the file can't be opened. */
export function createAccessLog(target: AccessLogTarget): AccessLog {
  if (target.kind === 'off') return { dropped: 0, write() {}, reopen() {}, close: async () => {} };
  const file = openLineFile(target.kind === 'file' ? target.path : null);
  return {
    get dropped() {
      return file.dropped;
    },
    write: (record) => file.write(formatAccessRecord(record)),
    reopen: () => file.reopen(),
    close: () => file.close(),
  };
}

function openLineFile(path: string | null): LineFile {
  try {
    return new LineFile(path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new Error(`the access log ${path ?? 'on standard output'} can't be opened (${reason})`, { cause: error });
  }
}

/** The record as one line of JSON with its newline. */
export function formatAccessRecord(record: AccessRecord): string {
  const decision = record.decision;
  return `{"time":"${formatTime(record.startedAt)}","request_id":${quote(record.requestId)},"listener":${quote(record.listener)},"method":${quote(record.method)},"authority":${quote(record.authority)},"path":${quote(record.path)},"protocol":"${record.protocol}","status":${record.status},"response_flags":${quote(record.responseFlags)},"duration_ms":${Math.round(record.durationMillis)},"upstream_service_time_ms":${record.upstreamServiceMillis < 0 ? 'null' : Math.round(record.upstreamServiceMillis)},"bytes_received":${record.bytesReceived},"bytes_sent":${record.bytesSent},"downstream_remote_address":"${record.downstreamRemoteAddress}","upstream_cluster":${quote(decision === null ? '' : decision.cluster)},"upstream_addr":${quote(decision === null ? '' : decision.chosen)},"upstream_pod":${quote(record.upstreamPod)},"route":${quote(record.route)},"attempts":${record.attempts},"affinity":${formatAffinity(decision)},"user_agent":${quote(record.userAgent)}}\n`;
}

function formatAffinity(decision: DecisionRecord | null): string {
  if (decision === null) return 'null';
  const generated = decision.generated ? ',"generated":true' : '';
  return `{"mode":"${decision.mode}","key":${quote(decision.keySource)},"outcome":"${decision.reason}","token":"${decision.token}"${generated}}`;
}

const NEEDS_ESCAPE = /[^ !#-[\]-~]/;
const ESCAPED_EACH = /[^ !#-[\]-~]/g;

/** A JSON string of a byte string; every byte outside printable ASCII becomes \u00XX, so that no client can forge a line. */
function quote(text: string): string {
  if (text === '') return 'null';
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`;
  return `"${text.replace(ESCAPED_EACH, escapeCharacter)}"`;
}

function escapeCharacter(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

let cachedMillis = -1;
let cachedTime = '';

/** Formatting a date costs more than the rest of a line; requests of one millisecond share it. */
function formatTime(millis: number): string {
  if (millis !== cachedMillis) {
    cachedMillis = millis;
    cachedTime = new Date(millis).toISOString();
  }
  return cachedTime;
}
