import { dirname } from 'node:path';
import { findTool } from '../../../test/support/tools.ts';
import { readVersion } from '../machine.ts';
import { COOKIE, type Contender, HOST, type Setup, startContender } from './contender.ts';

/** Folders for bodies too large for memory, below nginx's prefix; the built-in ones are often root's. */
export const TEMP_PATHS: string = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  .map((kind) => `${kind}_temp_path ${kind};`)
  .join(' ');

/** nginx with one worker and a consistent hash of the cookie. */
export const nginx: Contender = {
  name: 'nginx',
  findVersion() {
    const path = findTool('nginx');
    return path === undefined ? null : readVersion(path, ['-v'], /nginx\/(\d+\.\d+\.\d+)/);
  },
  start(setup) {
    const file = setup.writeConfig('nginx/nginx.conf', config(setup));
    return startContender(setup, findTool('nginx') ?? 'nginx', ['-e', 'stderr', '-p', dirname(file), '-c', file]);
  },
};

function config({ pods, port, accessLog }: Setup): string {
  const servers = pods.map((pod) => `    server ${pod.host}:${pod.port};`);
  return `daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 4096; }
http {
  access_log ${accessLog} combined;
  keepalive_requests 1000000000;
  ${TEMP_PATHS}
  upstream pods {
    hash $cookie_${COOKIE} consistent;
${servers.join('\n')}
    keepalive 256;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port};
    server_name ${HOST};
    location / {
      proxy_pass http://pods;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Request-Id $request_id;
    }
  }
}
`;
}
