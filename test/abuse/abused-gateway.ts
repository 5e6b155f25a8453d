import { startLimpet } from '../support/child-process.ts';
import { startConvertedEnvoy } from '../support/envoy.ts';
import { fetchFrom } from '../support/http-client.ts';

/** One gateway process with one thread that serves. */
export interface AbusedGateway extends AsyncDisposable {
  readonly pid: number;
  readonly port: number;
  /** Client connections now. */
  connections(): Promise<number>;
}

export type GatewayKind = 'limpet' | 'envoy';

/** Serves the folder's files. An Envoy has its own limits, not these. */
export function startGateway(kind: GatewayKind, folder: string, limits: readonly string[]): Promise<AbusedGateway> {
  return kind === 'envoy' ? startEnvoy(folder) : startLimpetAlone(folder, limits);
}

async function startLimpetAlone(folder: string, limits: readonly string[]): Promise<AbusedGateway> {
  const limpet = await startLimpet([
    ...['run', '-f', folder, '--bind', '127.0.0.1', '--port', '80=0', '--workers', '1', '--no-watch'],
    ...['--admin', '127.0.0.1:0', '--access-log', `${folder}/access.log`],
    ...limits.flatMap((limit) => ['--limit', limit]),
  ]);
  const [, port, adminPort] = await limpet.waitForLine(
    /^ready: \S+ on 127\.0\.0\.1:(\d+);.*admin on 127\.0\.0\.1:(\d+);/,
  );
  return {
    pid: limpet.pid,
    port: Number(port),
    async connections() {
      const { text } = await fetchFrom({ port: Number(adminPort), path: '/metrics' });
      return Number(/^limpet_downstream_connections_active\{[^}]*\} (\d+)$/m.exec(text)?.[1] ?? Number.NaN);
    },
    [Symbol.asyncDispose]: () => limpet[Symbol.asyncDispose](),
  };
}

/** With what `limpet convert` makes of the same files. */
async function startEnvoy(folder: string): Promise<AbusedGateway> {
  const envoy = await startConvertedEnvoy(folder);
  return {
    pid: envoy.pid,
    port: envoy.port,
    async connections() {
      const stats = await envoy.stats();
      const counts = [...stats].filter(([name]) => /^listener\.127\.0\.0\.1_\d+\.downstream_cx_active$/.test(name));
      return counts.reduce((sum, [, count]) => sum + count, 0);
    },
    [Symbol.asyncDispose]: () => envoy[Symbol.asyncDispose](),
  };
}
