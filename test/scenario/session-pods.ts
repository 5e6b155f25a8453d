import { createServer, type Server, type ServerResponse } from 'node:http';
import process from 'node:process';

/*
 * The pods, all in one process: each listens on an address of its own and has its sessions in memory. What it answers
 * is the truth that a scenario measures by, whatever a gateway says.
 *
 * GET /begin/ID   a session begins on this pod
 * GET /use/ID     its next request; a draining pod saves it for the others and answers `limpet-session: release`
 * GET /hold/ID    the same for a session that can't be saved
 * GET /end/ID     its last one; the answer has `limpet-session: end`
 * GET /visit/ID   a request of somebody without a session
 *
 * The body is the pod's name and, apart from a visit, what it knows of the session: `new`, `known`, `resumed POD` from
 * what that pod saved, `lost POD MILLIS` with the time since its last request, or `unknown`.
 */

export type Operation = 'begin' | 'use' | 'hold' | 'end' | 'visit';

export type PodsRequest =
  | { readonly kind: 'start'; readonly pod: string; readonly host: string; readonly port: number }
  | { readonly kind: 'drain'; readonly pod: string }
  | { readonly kind: 'stop'; readonly pod: string }
  | { readonly kind: 'count' };

export type PodsReply =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string }
  /** Sessions in the memory of each pod that runs. */
  | { readonly kind: 'counts'; readonly counts: Readonly<Record<string, number>> };

interface Session {
  readonly pod: Pod;
  readonly usedAt: number;
  /** Saved where every pod finds it. */
  readonly isSaved: boolean;
}

/** Of all pods, those that are gone included: so that a pod can tell whose session has come to it. */
const sessions = new Map<string, Session>();
const pods = new Map<string, Pod>();

class Pod {
  readonly name: string;
  readonly server: Server;
  readonly mine = new Set<string>();
  isDraining = false;

  constructor(name: string) {
    this.name = name;
    this.server = createServer((request, response) => this.#answer(request.url ?? '', response));
    // A gateway's idle connection shall not end just when it is used again.
    this.server.keepAliveTimeout = 0;
  }

  #answer(url: string, response: ServerResponse): void {
    const [, op = '', id = ''] = url.split('/');
    if (op === 'visit') response.end(this.name);
    else response.end(`${this.name} ${this.#use(op, id, response)}`);
  }

  #use(op: string, id: string, response: ServerResponse): string {
    const before = sessions.get(id);
    const isSaved = this.isDraining && op === 'use';
    if (isSaved) response.setHeader('limpet-session', 'release');
    before?.pod.mine.delete(id);
    if (op === 'end') {
      sessions.delete(id);
      response.setHeader('limpet-session', 'end');
    } else {
      this.mine.add(id);
      sessions.set(id, { pod: this, usedAt: performance.now(), isSaved });
    }
    if (op === 'begin') return 'new';
    if (before === undefined) return 'unknown';
    if (before.pod === this) return 'known';
    if (before.isSaved) return `resumed ${before.pod.name}`;
    return `lost ${before.pod.name} ${Math.floor(performance.now() - before.usedAt)}`;
  }
}

const CLOSE_MILLIS = 20;

/** Resolves when the requests that run have their answers. */
async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const timer = setInterval(() => server.closeIdleConnections(), CLOSE_MILLIS);
  await closed;
  clearInterval(timer);
}

async function handle(request: PodsRequest): Promise<PodsReply> {
  if (request.kind === 'count') {
    return { kind: 'counts', counts: Object.fromEntries([...pods].map(([name, { mine }]) => [name, mine.size])) };
  }
  if (request.kind === 'start') {
    const started = new Pod(request.pod);
    pods.set(request.pod, started);
    await new Promise<void>((resolve, reject) => {
      started.server.once('error', reject);
      started.server.listen(request.port, request.host, resolve);
    });
    return { kind: 'done' };
  }
  const pod = pods.get(request.pod);
  if (pod === undefined) throw new Error(`there is no pod ${request.pod}`);
  if (request.kind === 'drain') {
    pod.isDraining = true;
    return { kind: 'done' };
  }
  pods.delete(request.pod);
  await close(pod.server);
  return { kind: 'done' };
}

process.on('message', (request: PodsRequest) => {
  void handle(request)
    .catch((error: unknown): PodsReply => ({ kind: 'failed', message: String(error) }))
    .then((reply) => process.send?.(reply));
});
// The parent has gone, however it went.
process.once('disconnect', () => process.exit(0));
