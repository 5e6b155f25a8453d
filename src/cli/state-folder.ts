import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where Limpet keeps what it writes for itself: LIMPET_STATE_DIR, or the XDG state folder of the user. */
export function stateFolder(env: Readonly<Record<string, string | undefined>>): string {
  const own = env['LIMPET_STATE_DIR'];
  if (own !== undefined && own !== '') return resolve(own);
  const xdg = env['XDG_STATE_HOME'];
  // The XDG specification says that relative paths are to be ignored.
  return join(xdg?.startsWith('/') ? xdg : join(homedir(), '.local', 'state'), 'limpet');
}
