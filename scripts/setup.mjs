// Brings a checkout to a runnable state: the locked dependencies, Node 24 among them, and the `limpet` command.
// Runs before `npm start` and `npm test` on whatever Node came with npm, so it stays plain and old-fashioned.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const bin = join(root, 'node_modules', '.bin');
const stampFile = join(root, 'node_modules', '.limpet-setup');

const stamp = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .update(readFileSync(fileURLToPath(import.meta.url)))
  .digest('hex');

if (!existsSync(stampFile) || readFileSync(stampFile, 'utf8') !== stamp) {
  console.log('limpet: installing the locked dependencies and Node 24 (once)...');
  // npm gives its scripts the path of its own command line; a plain `npm` may be another one, or a .cmd on Windows.
  const npm = process.env.npm_execpath;
  // Not `ci`: it refuses a lock file that lacks the optional binaries of a platform it was not made on.
  const install = ['install', '--no-save', '--loglevel=error', '--no-audit', '--no-fund'];
  if (npm) execFileSync(process.execPath, [npm, ...install], { cwd: root, stdio: 'inherit' });
  else execFileSync('npm', install, { cwd: root, stdio: 'inherit' });

  const version = execFileSync(join(bin, 'node'), ['--version'], { encoding: 'utf8' }).trim();
  if (!version.startsWith('v24.')) throw new Error(`limpet: expected Node 24 in node_modules, found ${version}`);

  // npm links the commands of dependencies, not the package's own; `exec` keeps signals and the process id straight.
  mkdirSync(bin, { recursive: true });
  const command = join(bin, 'limpet');
  writeFileSync(command, `#!/bin/sh\nexec "${join(bin, 'node')}" "${join(root, 'bin', 'limpet.js')}" "$@"\n`);
  chmodSync(command, 0o755);
  writeFileSync(stampFile, stamp);
}
