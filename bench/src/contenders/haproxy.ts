import { closeSync, openSync } from 'node:fs';
import { findTool } from '../../../test/support/tools.ts';
import { readVersion } from '../machine.ts';
import { COOKIE, type Contender, type Setup, startContender } from './contender.ts';

/** HAProxy with one thread and a consistent hash of the cookie; its log goes to a file by its standard output. */
export const haproxy: Contender = {
  name: 'HAProxy',
  findVersion() {
    const path = findTool('haproxy');
    return path === undefined ? null : readVersion(path, ['-v'], /version (\d+\.\d+\.\d+)/);
  },
  async start(setup) {
    const file = setup.writeConfig('haproxy.cfg', config(setup));
    const log = openSync(setup.accessLog, 'a');
    try {
      return await startContender(setup, findTool('haproxy') ?? 'haproxy', ['-db', '-f', file], log);
    } finally {
      closeSync(log);
    }
  },
};

function config({ pods, port }: Setup): string {
  const servers = pods.map((pod) => `  server ${pod.name} ${pod.host}:${pod.port}`);
  return `global
  nbthread 1
  maxconn 4096
  log stdout format raw local0

defaults
  mode http
  log global
  option httplog
  option forwardfor
  http-reuse always
  timeout connect 10s
  timeout client 1h
  timeout server 1h

frontend bench
  bind 127.0.0.1:${port}
  default_backend pods

backend pods
  balance hash req.cook(${COOKIE})
  hash-type consistent
${servers.join('\n')}
`;
}
