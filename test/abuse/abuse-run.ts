import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { SHOP_GATEWAY } from '../support/shop.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { type AbusedGateway, type GatewayKind, startGateway } from './abused-gateway.ts';
import type { AbuserKind, AbuserReport } from './abusers.ts';
import { GoodClients, type GoodReport } from './good-clients.ts';
import type { SideReply, SideRequest } from './side-process.ts';

export interface AbuseOptions {
  /** How long the good clients are watched: so long beside each phase, and as long in quiet before it. */
  readonly secondsPerPhase: number;
  readonly goodClients: number;
  /** Each phase has these abusers at once, with so many connections each (churn: so many a second). */
  readonly phases: readonly Readonly<Partial<Record<AbuserKind, number>>>[];
  /** Limpet where nothing is said. */
  readonly gateway?: GatewayKind;
  readonly onPhase?: (phase: PhaseReport) => void;
}

export interface PhaseReport {
  /** The abusers' names. */
  readonly name: string;
  /** Right before. */
  readonly quiet: GoodReport;
  readonly good: GoodReport;
  readonly abusers: Readonly<Partial<Record<AbuserKind, AbuserReport>>>;
  /** Resident memory of the gateway at the phase's end, in MiB. */
  readonly memoryMebibytes: number;
}

export interface AbuseReport {
  readonly phases: readonly PhaseReport[];
  /** Client connections of the gateway when the abusers have gone and their time is over. */
  readonly connectionsLeft: number;
}

/** Times short enough that abusers are ended within a phase. */
const LIMITS = ['head-timeout=2s', 'body-idle-timeout=2s', 'write-stall-timeout=2s'];
const PAUSE_MILLIS = 100;
const WARM_UP_MILLIS = 5_000;
/** Descriptors that a process needs apart from its connections. */
const OTHER_FILES = 1_000;

/** Runs one gateway process and its pod, and good clients beside abusers. Everything is on loopback, counted and timed. */
export async function runAbuse(options: AbuseOptions): Promise<AbuseReport> {
  using folder = createTempDir();
  await using stack = new AsyncDisposableStack();
  // Bad clients have a pod of their own: what is measured is the gateway, not what a large download does to a pod.
  const { port: goodPod } = await tell(startSide(stack), { kind: 'pod' }, 'pod');
  const badSide = startSide(stack);
  const { port: badPod } = await tell(badSide, { kind: 'pod' }, 'pod');
  const abusers = startSide(stack);
  // Abusers and their pod are elsewhere: on this machine they only get what time is left.
  for (const { pid } of [badSide, abusers]) if (pid !== undefined) giveWay(pid);
  folder.write('shop.yaml', [SHOP_GATEWAY, ROUTES, workload('good', goodPod), workload('bad', badPod)].join('---\n'));
  const gateway = stack.use(await startGateway(options.gateway ?? 'limpet', folder.path, LIMITS));
  const good = new GoodClients(gateway.port, options.goodClients, PAUSE_MILLIS);
  stack.defer(() => good.close());
  // What is compiled and pooled once shall not count for any phase.
  await good.measure(WARM_UP_MILLIS);
  const phases: PhaseReport[] = [];
  const settle = (): Promise<number> => connectionsLeft(gateway, options.goodClients);
  for (const phase of options.phases) {
    const millis = options.secondsPerPhase * 1_000;
    const quiet = await good.measure(millis);
    const report = { quiet, ...(await runPhase(phase, millis, { good, abusers, gateway })) };
    phases.push(report);
    options.onPhase?.(report);
    await settle();
  }
  return { phases, connectionsLeft: await settle() };
}

async function runPhase(
  phase: Readonly<Partial<Record<AbuserKind, number>>>,
  millis: number,
  { good, abusers, gateway }: { good: GoodClients; abusers: ChildProcess; gateway: AbusedGateway },
): Promise<Omit<PhaseReport, 'quiet'>> {
  const entries = Object.entries(phase) as [AbuserKind, number][];
  for (const [abuser, count] of entries) {
    await tell(
      abusers,
      { kind: 'abuse', abuser, port: gateway.port, count: Math.min(count, mostConnections()) },
      'abusing',
    );
  }
  const report = await good.measure(millis);
  const memoryMebibytes = residentMebibytes(gateway.pid);
  const { reports } = await tell(abusers, { kind: 'stop' }, 'stopped');
  const name = entries.map(([kind]) => kind).join(', ');
  return { name, good: report, abusers: reports, memoryMebibytes };
}

/** The process, a session of its own, gets the time that others leave. Linux weighs sessions first, then processes in one. */
function giveWay(pid: number): void {
  setPriority(pid, constants.priority.PRIORITY_LOW);
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(constants.priority.PRIORITY_LOW));
  } catch {
    // Not on Linux, no such groups there, or asked too often for one who is not root: its priority has to do.
  }
}

/** Asks until only the good clients' connections are left, or more time than any limit has passed. */
async function connectionsLeft(gateway: AbusedGateway, expected: number): Promise<number> {
  for (let tries = 0; ; tries++) {
    const active = await gateway.connections();
    if (active <= expected || tries === 100) return active;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function startSide(stack: AsyncDisposableStack): ChildProcess {
  const child = fork(fileURLToPath(new URL('side-process.ts', import.meta.url)), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  stack.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.disconnect();
    await gone;
  });
  return child;
}

async function tell<Kind extends SideReply['kind']>(
  child: ChildProcess,
  request: SideRequest,
  kind: Kind,
): Promise<Extract<SideReply, { kind: Kind }>> {
  const answered = once(child, 'message');
  child.send(request);
  const [reply] = (await answered) as [SideReply];
  if (reply.kind !== kind) throw new Error(`${reply.kind} instead of ${kind}`);
  return reply as Extract<SideReply, { kind: Kind }>;
}

/** What the limit on open files lets one process have; on other systems than Linux a careful guess. */
function mostConnections(): number {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return soft === undefined ? Number.MAX_SAFE_INTEGER : Math.max(100, Number(soft) - OTHER_FILES);
  } catch {
    return 1_000;
  }
}

/** Of the process and those it has started; NaN where /proc is missing. */
function residentMebibytes(pid: number): number {
  try {
    const [, kibibytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kibibytes) / 1_024;
  } catch {
    return process.platform === 'linux' ? 0 : Number.NaN;
  }
}

const ROUTES = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: all, namespace: shop}
spec:
  hosts: ["*"]
  gateways: [shop]
  http:
  - match: [{uri: {prefix: /good}}]
    route: [{destination: {host: good, port: {number: 8080}}}]
  - route: [{destination: {host: bad, port: {number: 8080}}}]
`;

/** A service with one pod and affinity by cookie. */
function workload(name: string, port: number): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: shop}
spec:
  selector: {app: ${name}}
  ports: [{name: http, port: 8080, targetPort: 8080, protocol: TCP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-0, namespace: shop, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{name: http, port: ${port}, protocol: TCP}]
endpoints:
- {addresses: [127.0.0.1], conditions: {ready: true, serving: true, terminating: false}, targetRef: {kind: Pod, name: ${name}-0, namespace: shop}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: ${name}, namespace: shop}
spec:
  host: ${name}
  trafficPolicy:
    loadBalancer: {consistentHash: {httpCookie: {name: sid, ttl: 60s}}}
`;
}
