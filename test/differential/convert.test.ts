import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startLimpet } from '../support/child-process.ts';
import { startConvertedEnvoy } from '../support/envoy.ts';
import { fetchFrom, type TestRequest, type TestResponse } from '../support/http-client.ts';
import { startHttpServer, type TestServer } from '../support/http-server.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { skipUnless } from '../support/tools.ts';
import { HOSTS, type PodAddress, toManifests } from './convert-manifests.ts';

const PODS = 7;
const REQUESTS = 10_000;
/** Requests that are under way at once. */
const WIDTH = 16;
/** Source addresses of clients. */
const CLIENTS = ['127.0.0.1', '127.0.0.2', '127.0.3.4', '127.9.9.9'];

/** A generator of numbers from 0 to 1 that gives the same ones every time (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

async function startPods(): Promise<{ servers: TestServer[]; pods: PodAddress[] }> {
  const servers: TestServer[] = [];
  const pods: PodAddress[] = [];
  for (let index = 1; index <= PODS; index++) {
    const name = `web-${index}`;
    const server = await startHttpServer((request, response) => {
      const { host, 'x-level': level, 'x-envoy-original-path': original } = request.headers;
      request.resume();
      response.end(JSON.stringify({ pod: name, method: request.method, url: request.url, host, level, original }));
    }, `127.0.1.${index}`);
    servers.push(server);
    pods.push({ name, host: server.host, port: server.port, version: index % 2 === 0 ? 'v2' : 'v1' });
  }
  return { servers, pods };
}

interface ClientRequest extends Omit<TestRequest, 'port'> {
  readonly headers: Readonly<Record<string, string>>;
}

/** A request whose pod is decided by what it carries: every key is there, and every session names a pod. */
function drawRequest(random: () => number, pods: readonly PodAddress[]): ClientRequest {
  const one = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const user = `user-${Math.floor(random() * 5000)}`;
  const { host, port } = one(pods);
  const token = Buffer.from(`${host}:${port}`).toString('base64');
  const name = one(HOSTS);
  const authority = one([
    `${name}.example`,
    `${name}.example:8080`,
    `a.${name}.example`,
    `${name.toUpperCase()}.Example`,
  ]);
  const path = one(['/', '/cart', '/v2/x', '/api/items', '/API/items', '/old', '/down/1', '/v1/a/b', '/v2%2f/..%2f']);
  return {
    method: one(['GET', 'GET', 'POST', 'HEAD', 'OPTIONS']),
    path: `${path}?user=${user}&n=${Math.floor(random() * 100)}`,
    headers: {
      host: random() < 0.02 ? 'nobody.example' : authority,
      'x-user': user,
      cookie: `a=1; sid=${user}${random() < 0.3 ? '; sid=other' : ''}; my-session="${token}"`,
      'x-session': token,
      origin: one(['http://a.example', 'http://b.example']),
      'access-control-request-method': 'GET',
    },
    localAddress: one(CLIENTS),
  };
}

/** What both have to agree on. */
function essence({ status, headers, text }: TestResponse): unknown {
  const shown = [
    'location',
    'set-cookie',
    'x-session',
    'x-via',
    'access-control-allow-origin',
    'access-control-max-age',
  ];
  return { status, text, ...Object.fromEntries(shown.map((name) => [name, headers[name]])) };
}

describe('a converted configuration', () => {
  it('is served by Envoy with the pods that Limpet picks', {
    skip: skipUnless('envoy'),
    timeout: 110_000,
  }, async () => {
    using folder = createTempDir();
    const { servers, pods } = await startPods();
    try {
      folder.write('shop/all.yaml', toManifests(pods));
      const files = ['-f', join(folder.path, 'shop')];
      const bound = ['--port', '80=0', '--bind', '127.0.0.1'];
      await using envoy = await startConvertedEnvoy(join(folder.path, 'shop'));
      await using limpet = await startLimpet([
        'run',
        ...files,
        ...bound,
        '--admin',
        'off',
        '--access-log',
        'off',
        '--workers',
        '1',
      ]);
      const [, port] = await limpet.waitForLine(/^ready: \S+ on 127\.0\.0\.1:(\d+)/);
      const seen = await compare(envoy.port, Number(port), pods);
      assert.ok(seen.size >= PODS * 5, `only ${seen.size} combinations of host and pod were seen`);
    } finally {
      for (const server of servers) await server.close();
    }
  });
});

/** Sends every request to both; gives the combinations of host and pod that came up. */
async function compare(envoyPort: number, limpetPort: number, pods: readonly PodAddress[]): Promise<Set<string>> {
  const random = createRandom(5);
  const seen = new Set<string>();
  using agents = createAgents();
  let left = REQUESTS;
  const client = async (): Promise<void> => {
    while (left-- > 0) {
      const request = drawRequest(random, pods);
      const agent = agents.of(request.localAddress ?? '');
      const [theirs, ours] = await Promise.all([
        fetchFrom({ ...request, port: envoyPort, agent }),
        fetchFrom({ ...request, port: limpetPort, agent }),
      ]);
      assert.deepEqual(essence(ours), essence(theirs), JSON.stringify(request));
      if (ours.text.startsWith('{')) seen.add(`${request.headers['host']} ${JSON.parse(ours.text).pod}`);
    }
  };
  await Promise.all(Array.from({ length: WIDTH }, client));
  return seen;
}

/** Connections that are kept, by the address they come from. */
function createAgents(): { of(localAddress: string): Agent } & Disposable {
  const agents = new Map(CLIENTS.map((address) => [address, new Agent({ keepAlive: true })]));
  return {
    of: (address) => agents.get(address) ?? assert.fail(address),
    [Symbol.dispose]: () => {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}
