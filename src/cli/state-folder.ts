import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import type { SessionKeyOptions } from '../control/session-keys.ts';
import type { HostAndPort } from './option-values.ts';

/** Where Limpet keeps what it writes for itself: LIMPET_STATE_DIR, or the XDG state folder of the user. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const own = env['LIMPET_STATE_DIR'];
  if (own !== undefined && own !== '') return resolve(own);
  const xdg = env['XDG_STATE_HOME'];
  // The XDG specification says that relative paths are to be ignored.
  return join(xdg?.startsWith('/') ? xdg : join(homedir(), '.local', 'state'), 'limpet');
}

/** The session keys of a gateway: the file that the user names, or one in the state folder that is made when it is needed. */
export function sessionKeysOf(named: string | undefined): SessionKeyOptions {
  return named === undefined
    ? { path: join(stateFolder(process.env), 'session-keys.json'), isDefault: true }
    : { path: resolve(named), isDefault: false };
}

/**
 * Where the gateway with this admin API keeps the orders to drain: nobody else on this machine has its address. Nothing
 * where it has none of its own.
 */
export function drainFileOf(
  env: Readonly<Record<string, string | undefined>>,
  admin: HostAndPort | 'off',
): { readonly drainFile?: string } {
  if (admin === 'off' || admin.port === 0) return {};
  const name = `${admin.host}-${admin.port}`.replaceAll(/[^0-9A-Za-z.-]/g, '_');
  return { drainFile: join(stateFolder(env), 'drains', `${name}.json`) };
}
