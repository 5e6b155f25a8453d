import type { ClusterStats } from './cluster-stats.ts';
import type { DownstreamConnection } from './downstream-connection.ts';
import type { UpstreamConnection } from './upstream-connection.ts';

/**
 * What an exchange becomes with a 101, or a 2xx to CONNECT: the bytes of both sides pass as they are, each direction until
 * its sender ends it (RFC 9110 §7.8, §9.3.6). Counted as an active session of its cluster. The direction to the client goes
 * through the exchange's ClientResponse, behind the head of the response.
 */
export class Tunnel {
  readonly #client: DownstreamConnection;
  readonly #upstream: UpstreamConnection;
  readonly #stats: ClusterStats;
  #clientEnded = false;
  #upstreamEnded = false;

  constructor(client: DownstreamConnection, upstream: UpstreamConnection, stats: ClusterStats) {
    this.#client = client;
    this.#upstream = upstream;
    this.#stats = stats;
    stats.upgrades++;
    stats.activeUpgrades++;
    // A tunnel may be silent for as long as it likes; whether somebody is still there is then for the kernel to find out.
    client.probeWhenSilent();
    upstream.probeWhenSilent();
  }

  /** `chunk` may be reused by its owner after this returns. */
  fromClient(chunk: Buffer): void {
    if (!this.#upstream.write(Buffer.from(chunk))) this.#client.pauseRequest();
  }

  /** The client sends no more. Returns whether both sides have ended. */
  endFromClient(): boolean {
    this.#clientEnded = true;
    this.#upstream.endOutput();
    return this.#upstreamEnded;
  }

  /** The upstream sends no more; all it sent has been written to the client. Returns whether both sides have ended. */
  endFromUpstream(): boolean {
    this.#upstreamEnded = true;
    this.#client.endOutput();
    return this.#clientEnded;
  }

  close(): void {
    this.#stats.activeUpgrades--;
  }
}
