import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { type Abuser, type AbuserKind, type AbuserReport, startAbuser } from './abusers.ts';

/*
 * A process beside the gateway: the pod, or the abusers. Neither may take the time of the process that measures.
 */

export type SideRequest =
  | { readonly kind: 'pod' }
  | { readonly kind: 'abuse'; readonly abuser: AbuserKind; readonly port: number; readonly count: number }
  | { readonly kind: 'stop' };

export type SideReply =
  | { readonly kind: 'pod'; readonly port: number }
  | { readonly kind: 'abusing' }
  | { readonly kind: 'stopped'; readonly reports: Readonly<Partial<Record<AbuserKind, AbuserReport>>> };

const LARGE = Buffer.alloc(16 * 1_048_576, 'x');

const abusers = new Map<AbuserKind, Abuser>();

process.on('message', (request: SideRequest) => {
  switch (request.kind) {
    case 'pod':
      startPod();
      break;
    case 'abuse':
      abusers.set(request.abuser, startAbuser(request.abuser, request.port, request.count));
      reply({ kind: 'abusing' });
      break;
    case 'stop': {
      const reports = Object.fromEntries([...abusers].map(([kind, { report }]) => [kind, report]));
      for (const abuser of abusers.values()) abuser.stop();
      abusers.clear();
      reply({ kind: 'stopped', reports });
      break;
    }
  }
});
// The parent has gone, however it went.
process.once('disconnect', () => process.exit(0));

function startPod(): void {
  const server = createServer((request, response) => {
    request.resume().once('end', () => response.end(request.url === '/large' ? LARGE : 'ok'));
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1', () => reply({ kind: 'pod', port: (server.address() as AddressInfo).port }));
}

function reply(message: SideReply): void {
  process.send?.(message);
}
