import type { IncomingMessage } from 'node:http';

const MAX_BODY_BYTES = 1_048_576;

/** The whole body; `too-large` above a mebibyte; null when the client left before its end. */
export function readBody(request: IncomingMessage): Promise<Buffer | 'too-large' | null> {
  const { promise, resolve } = Promise.withResolvers<Buffer | 'too-large' | null>();
  const chunks: Buffer[] = [];
  let total = 0;
  request.on('data', (chunk: Buffer) => {
    total += chunk.length;
    if (total <= MAX_BODY_BYTES) chunks.push(chunk);
    else resolve('too-large');
  });
  request.on('end', () => resolve(Buffer.concat(chunks)));
  request.on('close', () => resolve(null));
  request.on('error', () => resolve(null));
  return promise;
}
