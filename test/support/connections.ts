import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import process from 'node:process';

/** For the `skip` option of tests that look at a process's sockets. */
export const NO_SOCKET_TABLE: string | false =
  process.platform === 'linux' ? false : 'only Linux shows which process has a connection';

/** Whether somebody listens; nothing is sent. */
export function canConnect(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, '127.0.0.1', () => {
    socket.destroy();
    resolve(true);
  });
  socket.on('error', () => resolve(false));
  return promise;
}

/** Client ports of the IPv4 connections to `serverPort` that the process has accepted. */
export function clientPortsOf(pid: number, serverPort: number): ReadonlySet<number> {
  const inodes = socketInodesOf(pid);
  const ports = new Set<number>();
  for (const line of readFileSync(`/proc/${pid}/net/tcp`, 'latin1').split('\n').slice(1)) {
    const [, local = '', remote = '', , , , , , , inode = ''] = line.trim().split(/\s+/);
    if (portOf(local) === serverPort && portOf(remote) !== 0 && inodes.has(inode)) ports.add(portOf(remote));
  }
  return ports;
}

function socketInodesOf(pid: number): ReadonlySet<string> {
  const inodes = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`)) ?? [];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // It was closed meanwhile.
    }
  }
  return inodes;
}

/** `0100007F:1F90` is 127.0.0.1:8080. */
function portOf(address: string): number {
  return Number.parseInt(address.slice(address.indexOf(':') + 1), 16);
}
