import type { SessionEvent, SessionId } from '../../affinity/session-ledger.ts';
import type { HostName, UpstreamHost } from '../upstream-host.ts';

/** `seen`: the session is at the host. `used`: it is live, wherever it is. `ended`: it is over. */
export type SessionNews = 'seen' | 'used' | 'ended';

/** News of sessions, as data that can be sent: a few hosts, and six words for each session. */
export interface SessionReport {
  readonly hosts: readonly HostName[];
  readonly words: Uint32Array;
}

const WORDS = 6;
const NEWS = ['seen', 'used', 'ended'] as const satisfies readonly SessionNews[];

export interface SessionMessage {
  readonly news: SessionNews;
  readonly event: SessionEvent<UpstreamHost>;
}

export function encodeReport(messages: readonly SessionMessage[]): SessionReport {
  const hosts: HostName[] = [];
  const indexes = new Map<UpstreamHost, number>();
  const words = new Uint32Array(messages.length * WORDS);
  let at = 0;
  for (const { news, event } of messages) {
    const { hi, lo, host, windowSeconds, isKey = false } = event;
    let index = indexes.get(host);
    if (index === undefined) {
      index = hosts.push({ cluster: host.cluster, address: host.address }) - 1;
      indexes.set(host, index);
    }
    words.set([hi, lo, index, Math.ceil(windowSeconds), isKey ? 1 : 0, NEWS.indexOf(news)], at);
    at += WORDS;
  }
  return { hosts, words };
}

/** `hostOf` gives this process's own host of that name; news of hosts that it does not have only say what ended. */
export function decodeReport(
  { hosts, words }: SessionReport,
  hostOf: (name: HostName) => UpstreamHost | undefined,
  visit: (news: SessionNews, event: SessionEvent<UpstreamHost>) => void,
  onUnknown: (id: SessionId) => void,
): void {
  const known = hosts.map(hostOf);
  for (let at = 0; at + WORDS <= words.length; at += WORDS) {
    const [hi = 0, lo = 0, index = 0, windowSeconds = 0, isKey = 0, news = 0] = words.subarray(at, at + WORDS);
    const host = known[index];
    const id = { hi, lo };
    if (host === undefined) onUnknown(id);
    else visit(NEWS[news] ?? 'used', { ...id, host, windowSeconds, isKey: isKey === 1 });
  }
}
