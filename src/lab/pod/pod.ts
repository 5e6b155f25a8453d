import { parseArgs } from 'node:util';
import { createPodServer, type PodServer } from './pod-server.ts';

/** What a pod's process tells the lab when it has bound an address, or could not. */
export type PodReport = { readonly host: string; readonly port: number } | { readonly error: string };

const GRACE_MILLIS = 15_000;
/** Taken by somebody else, or no address of this machine: macOS has no loopback address but 127.0.0.1. */
const NOT_OURS: ReadonlySet<unknown> = new Set(['EADDRINUSE', 'EADDRNOTAVAIL']);

/** A pod as a process of its own, started by the lab with a channel that tells each about the other's end. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { name: { type: 'string' }, version: { type: 'string' }, listen: { type: 'string', multiple: true } },
  });
  const { name = 'pod', version = 'v1', listen = ['127.0.0.1:0'] } = values;
  process.title = `limpet-pod ${name}`;
  // Ctrl-C reaches every process of the terminal; pods wait until the lab has drained its gateway.
  for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => {});
  // However the lab ended, also without having had a chance to say so.
  process.on('disconnect', () => process.exit());
  process.stdout.on('error', () => process.exit());

  const server = await bindFirst(listen, (host, port) =>
    createPodServer({ name, version, host, port, log: (line) => process.stdout.write(`${line}\n`) }),
  );
  if (server === null) return report({ error: `no address of ${listen.join(', ')} could be bound` });
  process.on('SIGTERM', () => {
    setTimeout(() => process.exit(1), GRACE_MILLIS).unref();
    void server.close().then(() => process.exit());
  });
  report({ host: server.host, port: server.port });
}

async function bindFirst(
  addresses: readonly string[],
  bind: (host: string, port: number) => Promise<PodServer>,
): Promise<PodServer | null> {
  for (const address of addresses) {
    const colon = address.lastIndexOf(':');
    try {
      return await bind(address.slice(0, colon), Number(address.slice(colon + 1)));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && NOT_OURS.has(error.code))) throw error;
    }
  }
  return null;
}

function report(message: PodReport): void {
  process.send?.(message);
}

await main();
