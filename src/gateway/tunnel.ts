import type { ClientResponse } from './client-response.ts';
import type { ClusterStats } from './cluster-stats.ts';
import type { DownstreamConnection } from './downstream-connection.ts';
import type { UpstreamConnection } from './upstream-connection.ts';
import { closeForClient, closeForPod, FrameFollower } from './websocket-close.ts';

/** How often the close frames are tried for; a frame under way that does not end by then is cut. */
const MAX_CLOSE_TRIES = 5;

/**
 * What an exchange becomes with a 101, or a 2xx to CONNECT: the bytes of both sides pass as they are, each direction until
 * its sender ends it (RFC 9110 §7.8, §9.3.6). Counted as an active session of its cluster. The direction to the client goes
 * through the exchange's ClientResponse, behind the head of the response.
 */
export class Tunnel {
  readonly #client: DownstreamConnection;
  readonly #response: ClientResponse;
  readonly #upstream: UpstreamConnection;
  readonly #stats: ClusterStats;
  readonly #toUpstream = new FrameFollower();
  readonly #toClient = new FrameFollower();
  #clientEnded = false;
  #upstreamEnded = false;
  #toldClient = false;
  #toldUpstream = false;
  #closeTries = 0;

  constructor(
    client: DownstreamConnection,
    response: ClientResponse,
    upstream: UpstreamConnection,
    stats: ClusterStats,
  ) {
    this.#client = client;
    this.#response = response;
    this.#upstream = upstream;
    this.#stats = stats;
    stats.upgrades++;
    stats.activeUpgrades++;
    // A tunnel may be silent for as long as it likes; whether somebody is still there is then for the kernel to find out.
    client.probeWhenSilent();
    upstream.probeWhenSilent();
  }

  /** It ends with the frames that are under way. */
  get isClosing(): boolean {
    return this.#closeTries > 0;
  }

  /** `chunk` may be reused by its owner after this returns. */
  fromClient(chunk: Buffer): void {
    const passed = this.#toUpstream.pass(chunk);
    if (passed.length > 0 && !this.#upstream.write(passed)) this.#client.pauseRequest();
  }

  /** `chunk` may be reused by its owner after this returns. */
  fromUpstream(chunk: Buffer): void {
    const passed = this.#toClient.pass(chunk);
    if (passed.length > 0) this.#response.body(passed);
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

  /**
   * Sends both sides a close frame, each behind the frame that is under way to it. To be called again when more bytes
   * have come, and after a while; true: there is nothing more to wait for.
   */
  closeBothSides(isRetry: boolean): boolean {
    if (!isRetry || this.#closeTries === 0) this.#closeTries++;
    this.#toClient.end();
    this.#toUpstream.end();
    if (!this.#toldClient && (this.#upstreamEnded || this.#toClient.isBetweenFrames)) {
      this.#toldClient = true;
      if (!this.#upstreamEnded && !this.#toClient.hasClosed) this.#response.body(closeForClient());
      this.#response.flush();
    }
    if (!this.#toldUpstream && (this.#clientEnded || this.#toUpstream.isBetweenFrames)) {
      this.#toldUpstream = true;
      if (!this.#clientEnded && !this.#toUpstream.hasClosed) this.#upstream.write(closeForPod());
      if (!this.#clientEnded) this.#upstream.endOutput();
    }
    return (this.#toldClient && this.#toldUpstream) || this.#closeTries > MAX_CLOSE_TRIES;
  }

  close(): void {
    this.#stats.activeUpgrades--;
  }
}
