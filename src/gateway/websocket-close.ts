import { randomBytes } from 'node:crypto';

/** The service is going to be there again: come back (registered with IANA beside RFC 6455 §7.4.1). */
const SERVICE_RESTART = 1012;
/** The peer is leaving (RFC 6455 §7.4.1). */
const GOING_AWAY = 1001;

const CLOSE = 0x88;
const MASKED = 0x80;
const OPCODE_CLOSE = 8;

/** What a client is told whose pod goes away: `code` 1012, unmasked as from a server. */
export function closeForClient(): Buffer {
  const frame = Buffer.from([CLOSE, 2, 0, 0]);
  frame.writeUInt16BE(SERVICE_RESTART, 2);
  return frame;
}

/** What a pod is told whose client goes elsewhere: `code` 1001, masked as from a client (RFC 6455 §5.3). */
export function closeForPod(): Buffer {
  const mask = randomBytes(4);
  const code = Buffer.alloc(2);
  code.writeUInt16BE(GOING_AWAY);
  for (let i = 0; i < code.length; i++) code[i] = (code[i] as number) ^ (mask[i] as number);
  return Buffer.concat([Buffer.from([CLOSE, MASKED | 2]), mask, code]);
}

/**
 * One direction of a WebSocket: follows its frames (RFC 6455 §5.2), so that a close frame can be put in between two of
 * them. Control frames may stand between the frames of a message.
 */
export class FrameFollower {
  readonly #header = Buffer.alloc(14);
  #filled = 0;
  /** Bytes of the frame's payload that are still to come. */
  #payloadLeft = 0;
  #hasClosed = false;
  #isEnding = false;

  /** No frame is under way. */
  get isBetweenFrames(): boolean {
    return this.#filled === 0 && this.#payloadLeft === 0;
  }

  /** The sender has sent a close frame itself. */
  get hasClosed(): boolean {
    return this.#hasClosed;
  }

  /** Nothing passes behind the frame that is under way. */
  end(): void {
    this.#isEnding = true;
  }

  /** What of the bytes may pass. */
  pass(chunk: Buffer): Buffer {
    let at = 0;
    while (at < chunk.length && !(this.#isEnding && this.isBetweenFrames)) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, chunk.length - at);
        this.#payloadLeft -= taken;
        at += taken;
      } else {
        this.#header[this.#filled++] = chunk[at++] as number;
        if (this.#filled === this.#headerLength()) this.#beginPayload();
      }
    }
    return at === chunk.length ? chunk : chunk.subarray(0, at);
  }

  /** As far as it is known yet: two bytes say how many follow. */
  #headerLength(): number {
    if (this.#filled < 2) return 2;
    const second = this.#header[1] as number;
    const length = second & 0x7f;
    const extended = length === 127 ? 8 : length === 126 ? 2 : 0;
    return 2 + extended + ((second & MASKED) === 0 ? 0 : 4);
  }

  #beginPayload(): void {
    const length = (this.#header[1] as number) & 0x7f;
    if (((this.#header[0] as number) & 0x0f) === OPCODE_CLOSE) this.#hasClosed = true;
    this.#filled = 0;
    if (length === 127) this.#payloadLeft = Number(this.#header.readBigUInt64BE(2));
    else this.#payloadLeft = length === 126 ? this.#header.readUInt16BE(2) : length;
  }
}
