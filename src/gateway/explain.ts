import { randomUUID } from 'node:crypto';
import { Selection, type SelectionEnvironment } from '../affinity/selection.ts';
import { readOnly } from '../affinity/session-ledger.ts';
import { NO_MOVES } from '../affinity/strong/session-moves.ts';
import { Head } from '../http1/head.ts';
import type { Http1Error } from '../http1/http1-error.ts';
import { DEFAULT_HTTP1_LIMITS } from '../http1/http1-limits.ts';
import type { RequestMeaning } from '../http1/meaning.ts';
import { RequestParser } from '../http1/request-parser.ts';
import { formatAddress } from '../model/address.ts';
import type { ExplainRequest, Explanation, ExplanationStage, ExplanationStep } from '../model/explanation.ts';
import type { Origin } from '../model/origin.ts';
import type { WeightedTarget } from '../model/route.ts';
import type { CompiledForward, CompiledRoute } from './compiled-route.ts';
import {
  describeBalancer,
  describeCookies,
  describeKey,
  describeMatch,
  describeNewSession,
  describeToken,
} from './explain-text.ts';
import { RequestPreparation } from './request-preparation.ts';
import type { Runtime, RuntimeListener } from './runtime.ts';
import type { UpstreamHost } from './upstream-host.ts';

const DEFAULT_CLIENT = '127.0.0.1';
/** Any client port will do: only generated cookies depend on it. */
const CLIENT_PORT = 50_000;

/**
 * Why a request would go to its endpoint: the request is written out, parsed, matched and decided by the code that
 * serves traffic, and nothing is sent. Live load and health count, and a balancer that takes turns moves on by one.
 * The URL's port is the YAML's; where no listener has it, it may be one that is bound for a listener (`boundPorts`).
 */
export function explainRequest(
  runtime: Runtime,
  request: ExplainRequest,
  environment: SelectionEnvironment,
  boundPorts: ReadonlyMap<number, number> = new Map(),
): Explanation {
  return new Explainer(runtime, request, environment, boundPorts).explain();
}

class Explainer {
  readonly #runtime: Runtime;
  readonly #request: ExplainRequest;
  readonly #environment: SelectionEnvironment;
  readonly #boundPorts: ReadonlyMap<number, number>;
  readonly #steps: ExplanationStep[] = [];

  constructor(
    runtime: Runtime,
    request: ExplainRequest,
    environment: SelectionEnvironment,
    boundPorts: ReadonlyMap<number, number>,
  ) {
    this.#runtime = runtime;
    this.#request = request;
    // To look is not to use: nothing is counted as a session, and no move is spent.
    const moves = { ...NO_MOVES, of: environment.moves.of };
    this.#environment = { ...environment, ledger: readOnly(environment.ledger), moves };
    this.#boundPorts = boundPorts;
  }

  explain(): Explanation {
    const url = new URL(this.#request.url);
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    const withPort = (wanted: number | undefined): RuntimeListener | undefined =>
      this.#runtime.listeners.find((candidate) => candidate.listener.port === wanted);
    const listener = withPort(port) ?? withPort(this.#boundPorts.get(port));
    if (listener === undefined) {
      const ports = this.#runtime.listeners.map((candidate) => candidate.listener.port).join(', ');
      this.#say('listener', `no listener on port ${port} (there is ${ports === '' ? 'none at all' : ports})`, null);
      return this.#end(null, null);
    }
    const { listener: model } = listener;
    this.#say('listener', `${model.name} takes connections to port ${model.port}`, model.origin);
    const parsed = parseRequest(toRequestText(this.#request, url));
    if ('error' in parsed) {
      this.#say('route', `the request is refused: ${parsed.error.message}`, null);
      return this.#end(null, parsed.error.status);
    }
    return this.#match(listener, this.#prepare(listener, parsed.head, parsed.meaning));
  }

  #prepare(listener: RuntimeListener, head: Head, meaning: RequestMeaning): RequestPreparation {
    const peerIp = this.#request.sourceIp ?? DEFAULT_CLIENT;
    const { address, port, pathNormalization } = listener.listener;
    const preparation = new RequestPreparation({
      remoteAddress: formatAddress(peerIp, CLIENT_PORT),
      localAddress: formatAddress(address, port),
      remotePort: CLIENT_PORT,
      pathNormalization,
      resolveForwarding: (received, out) =>
        listener.clientAddress.resolve(received, { peerIp, secure: false }, randomUUID, out),
    });
    preparation.begin(head, meaning);
    return preparation;
  }

  #match(listener: RuntimeListener, preparation: RequestPreparation): Explanation {
    const { context } = preparation;
    const host = listener.matcher.findVirtualHost(context.authority);
    if (host === undefined) {
      this.#say('virtualHost', `no virtual host serves ${context.authority}`, null);
      return this.#end(null, 404);
    }
    this.#say('virtualHost', `${host.host.name} serves ${context.authority}`, host.host.origin);
    if (host.host.requireTls) {
      this.#say('route', 'the virtual host sends cleartext requests to https', host.host.origin);
      return this.#end(null, 301);
    }
    const route = host.match(context);
    if (route === undefined) {
      const isConnect = context.method === 'CONNECT';
      const fails = isConnect ? 'names the method CONNECT and matches' : 'matches';
      this.#say('route', `none of ${host.host.routes.length} routes ${fails}`, null);
      return this.#end(null, isConnect ? 501 : 404);
    }
    const name = route.route.name === '' ? '' : `${route.route.name}: `;
    this.#say('route', `${name}${describeMatch(route.route.match)}`, route.route.origin);
    return this.#act(route, preparation);
  }

  #act(route: CompiledRoute, preparation: RequestPreparation): Explanation {
    const { action } = route;
    if (action.kind !== 'forward') {
      this.#say('response', `the gateway answers by itself (${action.kind})`, route.route.origin);
      return this.#end(null, action.status);
    }
    return this.#decide(action, preparation, route.route.origin);
  }

  #decide(forward: CompiledForward, preparation: RequestPreparation, origin: Origin): Explanation {
    const selection = new Selection<UpstreamHost>(forward.plan, preparation.context, this.#environment);
    const target = selection.chooseTarget();
    const { affinity } = forward.action;
    const affinityOrigin = forward.action.affinityOrigin ?? origin;
    if (affinity.kind === 'session' || affinity.kind === 'strongSession')
      this.#say('token', describeToken(selection.token, affinity.session.carriers), affinityOrigin);
    if (target === null) {
      this.#say('target', 'no target can take the request', origin);
      return this.#end(selection, selection.failStatus);
    }
    this.#say('target', describeTarget(target.target, forward.plan.totalWeight), origin);
    const compiled = forward.targets[target.index];
    if (compiled !== undefined) preparation.apply(forward, compiled, selection);
    const host = selection.next();
    const cluster = compiled?.cluster?.balancer.cluster;
    if (selection.reason !== 'token' && selection.mode !== 'none' && selection.lost === null)
      this.#say('key', describeKey(selection), affinityOrigin);
    if (affinity.kind === 'strongSession')
      this.#say('balancer', describeNewSession(affinity.session, selection), affinityOrigin);
    else if (cluster !== undefined)
      this.#say('balancer', describeBalancer(cluster, selection), cluster.balancerOrigin ?? cluster.origin);
    if (host === null) {
      this.#say('endpoint', 'no endpoint may serve', cluster?.origin ?? null);
      return this.#end(selection, selection.failStatus);
    }
    const pod = host.endpoint.identity.name;
    this.#say('endpoint', `${host.address}${pod === '' ? '' : `, pod ${pod}`}`, host.endpoint.origin);
    const edits = selection.responseEdits(host, compiled?.responseEdits.over(new Head()) ?? new Head());
    const cookies = edits.filter((edit) => edit.name === 'set-cookie').map((edit) => cookieName(edit.value));
    this.#say('response', describeCookies(edits), null);
    return this.#end(selection, null, cookies);
  }

  #say(step: ExplanationStage, text: string, origin: Origin | null): void {
    this.#steps.push({ step, text, origin });
  }

  #end(
    selection: Selection<UpstreamHost> | null,
    status: number | null,
    setCookies: readonly string[] = [],
  ): Explanation {
    return {
      request: this.#request,
      steps: this.#steps,
      decision: selection === null ? null : toRecord(selection),
      status,
      setCookies,
    };
  }
}

/** The record alone: a Selection carries more, which is nobody's business. */
function toRecord(selection: Selection<UpstreamHost>): Explanation['decision'] {
  const { mode, keySource, generated, token, candidates, cluster, chosen, reason } = selection;
  return { mode, keySource, generated, token, candidates, cluster, chosen, reason };
}

function describeTarget({ cluster, weight, subset }: WeightedTarget, totalWeight: number): string {
  const labels = subset === null ? '' : ` subset ${JSON.stringify(subset)}`;
  return totalWeight === weight ? `${cluster}${labels}` : `${cluster}${labels}, weight ${weight} of ${totalWeight}`;
}

function cookieName(setCookie: string): string {
  return setCookie.slice(0, setCookie.indexOf('='));
}

function toRequestText(request: ExplainRequest, url: URL): string {
  const hasHost = request.headers.some(([name]) => name.toLowerCase() === 'host');
  const lines = request.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const isConnect = request.method === 'CONNECT';
  // A URL without a port means its scheme's; CONNECT has to say it.
  const authority = isConnect && url.port === '' ? `${url.host}:${url.protocol === 'https:' ? 443 : 80}` : url.host;
  const host = hasHost ? '' : `host: ${authority}\r\n`;
  return `${request.method} ${isConnect ? authority : targetOf(request.url)} HTTP/1.1\r\n${host}${lines}\r\n`;
}

/** The target as a client would send it that leaves dots to the gateway; `URL` resolves them. */
function targetOf(url: string): string {
  const [, path = '', query = ''] = /^[^:]*:\/\/[^/?#]*([^?#]*)([^#]*)/.exec(url.toWellFormed()) ?? [];
  return `${path === '' ? '/' : path}${query}`.replace(/[^\x21-\x7e]/gu, encodeURIComponent);
}

type Parsed = { readonly head: Head; readonly meaning: RequestMeaning } | { readonly error: Http1Error };

function parseRequest(text: string): Parsed {
  const found: Parsed[] = [];
  const parser = new RequestParser(DEFAULT_HTTP1_LIMITS, {
    onRequestHead: (head, meaning) => {
      found.push({ head, meaning });
    },
    onRequestBody: () => {},
    onRequestEnd: () => {},
    onRequestError: (error) => {
      found.push({ error });
    },
  });
  parser.push(Buffer.from(text, 'latin1'));
  parser.end();
  return found[0] as Parsed;
}
