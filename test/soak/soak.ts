import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startProcess } from '../support/child-process.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { ROOT } from '../support/tools.ts';

export interface SoakOptions {
  readonly seconds: number;
  readonly reloadSeconds: number;
  readonly flapSeconds: number;
  /** How often a worker is killed with SIGKILL. */
  readonly killSeconds: number;
  /** Requests per second; 0: half of what a closed loop reaches in the first seconds. */
  readonly ratePerSecond: number;
}

export interface SoakReport {
  readonly requests: number;
  readonly ratePerSecond: number;
  /** Requests without a good answer, apart from those below. */
  readonly failed: number;
  /** Requests whose connection broke within a second after a worker was killed. */
  readonly lostInKilledWorkers: number;
  readonly firstFailures: readonly string[];
  readonly kills: number;
  readonly reloads: number;
  readonly flaps: number;
  /** Requests of a session that another pod answered although the session's own pod was there all the time. */
  readonly sessionsLost: number;
  /** Resident memory of all gateway processes in MiB, sampled over the run. */
  readonly memoryMebibytes: readonly number[];
}

const CLIENTS = 32;
const PODS = 4;
/** The pod whose endpoint comes and goes. */
const FLAPPING = PODS - 1;

/** One whole gateway with two workers under load, while everything around it moves. Bounded by `seconds`. */
export async function runSoak(options: SoakOptions): Promise<SoakReport> {
  await using dir = await createTempDir();
  await using stack = new AsyncDisposableStack();
  const ports: number[] = [];
  for (let i = 0; i < PODS; i++) ports.push(await startPod(stack, i));
  const files = new ConfigurationFiles(dir.path, ports);
  files.write();
  const limpet = stack.use(
    await startProcess(process.execPath, [
      join(ROOT, 'bin', 'limpet.js'),
      ...['run', '-f', dir.path, '--bind', '127.0.0.1', '--port', '80=0', '--workers', '2'],
      ...['--admin', 'off', '--access-log', 'off', '--output', 'json'],
    ]),
  );
  const [line] = await limpet.waitForLine(/^\{.*"ready":true.*$/, 30_000);
  const { listeners } = JSON.parse(line) as { listeners: { port: number }[] };
  const load = new Load(listeners[0]?.port ?? 0);
  stack.defer(() => load.close());
  const capacity = options.ratePerSecond > 0 ? options.ratePerSecond * 2 : await load.measureCapacity(3);
  const rate = Math.max(1, Math.floor(capacity / 2));
  const memory: number[] = [];
  const counts = { kills: 0, reloads: 0, flaps: 0 };
  const end = performance.now() + options.seconds * 1000;
  const every = async (seconds: number, run: () => void): Promise<void> => {
    for (let at = performance.now() + seconds * 1000; at < end; at += seconds * 1000) {
      await delay(Math.max(0, at - performance.now()));
      run();
    }
  };
  await Promise.all([
    load.run(rate, end),
    every(options.reloadSeconds, () => {
      counts.reloads++;
      files.revise();
    }),
    every(options.flapSeconds, () => {
      counts.flaps++;
      files.flap();
    }),
    every(options.killSeconds, () => {
      memory.push(memoryOf([limpet.pid, ...childrenOf(limpet.pid)]));
      const [victim] = childrenOf(limpet.pid);
      if (victim === undefined) return;
      counts.kills++;
      load.lastKill = performance.now();
      process.kill(victim, 'SIGKILL');
    }),
  ]);
  memory.push(memoryOf([limpet.pid, ...childrenOf(limpet.pid)]));
  return { ...load.report(), ...counts, ratePerSecond: rate, memoryMebibytes: memory };
}

async function startPod(stack: AsyncDisposableStack, index: number): Promise<number> {
  const server: Server = createServer((_incoming, response) => {
    response.setHeader('x-pod', String(index));
    response.end('ok');
  });
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stack.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** The YAML that the gateway watches: strong sessions by cookie, one endpoint that flaps, a header that changes. */
class ConfigurationFiles {
  readonly #folder: string;
  readonly #ports: readonly number[];
  #revision = 0;
  #isFlappingReady = true;

  constructor(folder: string, ports: readonly number[]) {
    this.#folder = folder;
    this.#ports = ports;
  }

  write(): void {
    this.#writeRoutes();
    this.#writeEndpoints();
  }

  revise(): void {
    this.#revision++;
    this.#writeRoutes();
  }

  flap(): void {
    this.#isFlappingReady = !this.#isFlappingReady;
    this.#writeEndpoints();
  }

  #writeRoutes(): void {
    writeFileSync(
      join(this.#folder, 'routes.yaml'),
      `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: cart, namespace: shop}
spec:
  hosts: ["*"]
  gateways: [edge]
  http:
  - headers: {request: {set: {x-revision: "${this.#revision}"}}}
    route: [{destination: {host: cart, port: {number: 80}}}]
`,
    );
  }

  #writeEndpoints(): void {
    const slices = this.#ports.map((port, index) => {
      const isReady = index !== FLAPPING || this.#isFlappingReady;
      return `apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: cart-${index}, namespace: shop, labels: {kubernetes.io/service-name: cart}}
addressType: IPv4
ports: [{name: http, port: ${port}}]
endpoints: [{addresses: [127.0.0.1], conditions: {ready: ${isReady}, serving: ${isReady}, terminating: false}}]
`;
    });
    const service = `apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop, labels: {istio.io/persistent-session: sess}}
spec: {ports: [{name: http, port: 80}]}
`;
    writeFileSync(join(this.#folder, 'workload.yaml'), [service, ...slices].join('---\n'));
  }
}

/** Clients that each keep a session and check who answers. */
class Load {
  lastKill = Number.NEGATIVE_INFINITY;
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  readonly #failures: string[] = [];
  #requests = 0;
  #failed = 0;
  #lostInKilledWorkers = 0;
  #sessionsLost = 0;

  constructor(port: number) {
    this.#port = port;
  }

  close(): void {
    this.#agent.destroy();
  }

  /** Requests per second of a closed loop. */
  async measureCapacity(seconds: number): Promise<number> {
    const end = performance.now() + seconds * 1000;
    const before = this.#requests;
    await this.#runClients(end, 0);
    return (this.#requests - before) / seconds;
  }

  run(ratePerSecond: number, end: number): Promise<void> {
    return this.#runClients(end, (CLIENTS * 1000) / ratePerSecond);
  }

  report(): Pick<SoakReport, 'requests' | 'failed' | 'lostInKilledWorkers' | 'firstFailures' | 'sessionsLost'> {
    return {
      requests: this.#requests,
      failed: this.#failed,
      lostInKilledWorkers: this.#lostInKilledWorkers,
      firstFailures: this.#failures,
      sessionsLost: this.#sessionsLost,
    };
  }

  async #runClients(end: number, intervalMillis: number): Promise<void> {
    await Promise.all(Array.from({ length: CLIENTS }, (_, index) => this.#runClient(end, intervalMillis, index)));
  }

  async #runClient(end: number, intervalMillis: number, index: number): Promise<void> {
    let cookie = '';
    let pod = -1;
    let due = performance.now() + (intervalMillis * index) / CLIENTS;
    while (performance.now() < end) {
      if (intervalMillis > 0) {
        due += intervalMillis;
        await delay(Math.max(0, due - performance.now()));
      }
      this.#requests++;
      const answer = await this.#ask(cookie);
      if (answer === null) continue;
      if (pod >= 0 && answer.pod !== pod && pod !== FLAPPING) this.#sessionsLost++;
      pod = answer.pod;
      if (answer.cookie !== '') cookie = answer.cookie;
    }
  }

  /** null: no good answer, which is counted. */
  #ask(cookie: string): Promise<{ readonly pod: number; readonly cookie: string } | null> {
    return new Promise((resolve) => {
      const fail = (reason: string, isBroken: boolean): void => {
        if (isBroken && performance.now() - this.lastKill < 1000) {
          this.#lostInKilledWorkers++;
        } else {
          this.#failed++;
          if (this.#failures.length < 10) this.#failures.push(reason);
        }
        resolve(null);
      };
      const outgoing = request(
        { host: '127.0.0.1', port: this.#port, agent: this.#agent, headers: { host: 'shop', cookie } },
        (response) => {
          response.resume();
          response.once('error', (error) => fail(String(error), true));
          response.once('end', () => {
            if (response.statusCode !== 200) fail(`status ${response.statusCode}`, false);
            else {
              const set = response.headers['set-cookie']?.[0] ?? '';
              resolve({ pod: Number(response.headers['x-pod']), cookie: set.split(';')[0] ?? '' });
            }
          });
        },
      );
      outgoing.once('error', (error) => fail(String(error), true));
      outgoing.end();
    });
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => {
      try {
        const stat = readFileSync(`/proc/${candidate}/stat`, 'latin1');
        return Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]) === pid;
      } catch {
        return false;
      }
    });
}

function memoryOf(pids: readonly number[]): number {
  const kibibytes = pids.map((pid) => {
    try {
      return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
    } catch {
      return 0;
    }
  });
  return Math.round(kibibytes.reduce((sum, value) => sum + value, 0) / 1024);
}

if (process.argv[1] === import.meta.filename) {
  const minutes = Number(process.argv[process.argv.indexOf('--minutes') + 1] ?? 10) || 10;
  const report = await runSoak({
    seconds: Math.min(minutes, 60) * 60,
    reloadSeconds: 5,
    flapSeconds: 3,
    killSeconds: 60,
    ratePerSecond: 0,
  });
  console.log(JSON.stringify(report, null, 2));
  if (report.failed > 0 || report.sessionsLost > 0) process.exitCode = 1;
}
