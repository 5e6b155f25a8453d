import type { IncomingMessage } from 'node:http';
import { HttpProblem } from './http-problem.ts';

const MAX_BODY_BYTES = 65_536;

/** The request's JSON. A page of another site can't send this media type without asking first, and is never allowed to. */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const mediaType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') throw new HttpProblem(415, 'content-type must be application/json');
  const text = (await collect(request)).toString('utf8');
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpProblem(400, 'the body is not JSON');
  }
}

/** By events: leaving a `for await` early would destroy the connection before it carried the answer. */
function collect(request: IncomingMessage): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let total = 0;
  request.on('data', (chunk: Buffer) => {
    total += chunk.length;
    if (total <= MAX_BODY_BYTES) chunks.push(chunk);
    else reject(new HttpProblem(413, `the body is larger than ${MAX_BODY_BYTES} bytes`, { connection: 'close' }));
  });
  request.on('end', () => resolve(Buffer.concat(chunks)));
  request.on('error', reject);
  return promise;
}
