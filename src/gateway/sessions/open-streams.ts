import { drainDeadline, type HostState } from '../../affinity/host.ts';
import type { SessionEvent, SessionLedger } from '../../affinity/session-ledger.ts';
import type { UpstreamHost } from '../upstream-host.ts';

/** A response that goes on for as long as both sides like: a WebSocket, or server-sent events. */
export interface OpenStream {
  readonly host: UpstreamHost;
  /** How long the session's policy lets a draining host keep it; null: as long as it serves. */
  readonly drainMillis: number | null;
  /** null: no session's. */
  readonly session: SessionEvent<UpstreamHost> | null;
  /** The host's drain is over: the client has to come again. Called every second until the stream has ended. */
  readonly onDrained: () => void;
}

/** The open streams of a gateway. They stay with a host that drains until its deadline, and no longer. */
export class OpenStreams {
  readonly #streams = new Set<OpenStream>();
  readonly #ledger: SessionLedger<HostState>;

  constructor(ledger: SessionLedger<HostState>) {
    this.#ledger = ledger;
  }

  /** Until `close` the session is live, however silent the stream is. */
  open(stream: OpenStream): void {
    this.#streams.add(stream);
    if (stream.session !== null) this.#ledger.opened(stream.session);
  }

  close(stream: OpenStream): void {
    if (this.#streams.delete(stream) && stream.session !== null) this.#ledger.closed(stream.session);
  }

  /** Ends the streams whose host has come to its deadline. To be called every second. */
  endDrained(nowSeconds: number): void {
    for (const { host, drainMillis, onDrained } of this.#streams) {
      const deadline = host.drain === null ? null : drainDeadline(host.drain, drainMillis);
      if (deadline !== null && nowSeconds >= deadline) onDrained();
    }
  }
}
