import { dirname } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import type { TestProcess } from '../../test/support/child-process.ts';
import { reservePort } from '../../test/support/http-server.ts';
import { findTool } from '../../test/support/tools.ts';
import { TEMP_PATHS } from './contenders/nginx.ts';
import { startServer } from './start-server.ts';

export interface PodAddress {
  readonly name: string;
  readonly host: string;
  readonly port: number;
}

export interface UpstreamPods extends AsyncDisposable {
  readonly pods: readonly PodAddress[];
  /** What serves them, for the report. */
  readonly kind: string;
}

const HOSTS = ['127.0.0.11', '127.0.0.12', '127.0.0.13', '127.0.0.14'];

/**
 * Starts four pods, one port on four addresses, that answer every request with their name. One nginx process where the
 * machine has it, since that costs least beside wrk on the same core; else one Node process.
 */
export async function startUpstreamPods(
  core: number | null,
  writeConfig: (name: string, content: string) => string,
): Promise<UpstreamPods> {
  const port = await reservePort(HOSTS[0]);
  const pods = HOSTS.map((host, index) => ({ name: `pod-${index + 1}`, host, port }));
  const nginx = findTool('nginx');
  let running: TestProcess;
  const where = { core, host: HOSTS.at(-1) ?? '', port };
  if (nginx === undefined) {
    const script = fileURLToPath(new URL('node-pods.ts', import.meta.url));
    const args = [script, ...pods.map(({ name, host }) => `${name}@${host}:${port}`)];
    running = await startServer({ command: process.execPath, args, ...where });
  } else {
    const file = writeConfig('pods/pods.conf', nginxConfig(pods));
    running = await startServer({ command: nginx, args: ['-e', 'stderr', '-p', dirname(file), '-c', file], ...where });
  }
  return {
    pods,
    kind: nginx === undefined ? 'one Node process' : 'one nginx process',
    [Symbol.asyncDispose]: () => running.stop(),
  };
}

function nginxConfig(pods: readonly PodAddress[]): string {
  const servers = pods.map(
    ({ name, host, port }) => `  server {
    listen ${host}:${port};
    location / { return 200 "${name}\\n"; }
  }`,
  );
  return `daemon off;
worker_processes 1;
pid pods.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log off;
  ${TEMP_PATHS}
  default_type text/plain;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
${servers.join('\n')}
}
`;
}
