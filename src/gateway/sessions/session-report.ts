import type { SessionEvent, SessionId } from '../../affinity/session-ledger.ts';
import type { HostName, UpstreamHost } from '../upstream-host.ts';

/**
 * `seen`: the session is at the host. `used`: it is live, wherever it is. `ended`: it is over. `stream`: what is said of
 * its streams, and nothing else.
 */
export type SessionNews = 'seen' | 'used' | 'ended' | 'stream';

/** News of sessions, as data that can be sent: a few hosts and policies, and eight words for each session. */
export interface SessionReport {
  readonly hosts: readonly HostName[];
  readonly policies: readonly string[];
  readonly words: Uint32Array;
}

const WORDS = 8;
const KEY = 1;
const UNCONFIRMED = 2;
const RELEASED = 4;
const NEWS = ['seen', 'used', 'ended', 'stream'] as const satisfies readonly SessionNews[];

/** The seventh word is 0 while a stream is open, this where none is known, and else whole seconds and one. */
const NO_STREAM = 0xffff_ffff;

export interface SessionMessage {
  readonly news: SessionNews;
  readonly event: SessionEvent<UpstreamHost>;
}

/**
 * Each session goes with what is known of its streams at this moment: the seconds since one was open, 0 while one is,
 * Infinity where none is known. So nothing is lost where one thing follows another, and saying it again does no harm.
 */
export function encodeReport(
  messages: readonly SessionMessage[],
  secondsSinceStream: (id: SessionId) => number,
): SessionReport {
  const hosts: HostName[] = [];
  const indexes = new Map<UpstreamHost, number>();
  const policies: string[] = [];
  const words = new Uint32Array(messages.length * WORDS);
  let at = 0;
  for (const { news, event } of messages) {
    const { hi, lo, host, windowSeconds, isKey = false, isUnconfirmed = false, isReleased = false, policy } = event;
    let index = indexes.get(host);
    if (index === undefined) {
      index = hosts.push({ cluster: host.cluster, address: host.address }) - 1;
      indexes.set(host, index);
    }
    const seconds = secondsSinceStream(event);
    const since = seconds === 0 ? 0 : Math.min(Math.floor(seconds) + 1, NO_STREAM);
    const marks = (isKey ? KEY : 0) | (isUnconfirmed ? UNCONFIRMED : 0) | (isReleased ? RELEASED : 0);
    const place = policy === undefined ? 0 : placeIn(policies, policy);
    words.set([hi, lo, index, Math.ceil(windowSeconds), marks, NEWS.indexOf(news), since, place], at);
    at += WORDS;
  }
  return { hosts, policies, words };
}

/** `hostOf` gives this process's own host of that name; news of hosts that it does not have go to `onUnknown`. */
export function decodeReport(
  { hosts, policies, words }: SessionReport,
  hostOf: (name: HostName) => UpstreamHost | undefined,
  visit: (news: SessionNews, event: SessionEvent<UpstreamHost>, secondsSinceStream: number) => void,
  onUnknown: (news: SessionNews, id: SessionId) => void,
): void {
  const known = hosts.map(hostOf);
  for (let at = 0; at + WORDS <= words.length; at += WORDS) {
    const session = words.subarray(at, at + WORDS);
    const [hi = 0, lo = 0, index = 0, windowSeconds = 0, marks = 0, news = 0, since = 0, place = 0] = session;
    const host = known[index];
    const kind = NEWS[news] ?? 'used';
    if (host === undefined) {
      onUnknown(kind, { hi, lo });
      continue;
    }
    const isKey = (marks & KEY) !== 0;
    const isUnconfirmed = (marks & UNCONFIRMED) !== 0;
    const isReleased = (marks & RELEASED) !== 0;
    const event = { hi, lo, host, windowSeconds, isKey, isUnconfirmed, isReleased, policy: policies[place - 1] };
    visit(kind, event, toSeconds(since));
  }
}

/** From 1; 0 stands for none. There are as many as a gateway has policies. */
function placeIn(policies: string[], policy: string): number {
  const known = policies.indexOf(policy);
  return known < 0 ? policies.push(policy) : known + 1;
}

function toSeconds(since: number): number {
  if (since === NO_STREAM) return Number.POSITIVE_INFINITY;
  return since === 0 ? 0 : Math.max(since - 1, Number.EPSILON);
}
