import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

/** The checkout's root folder. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

/** The Envoy release that the recordings and the differential tests are about. */
export const ENVOY_VERSION = '1.40';

/** Programs that tests and benchmarks use where the machine has them. */
export type Tool = 'envoy' | 'wrk' | 'haproxy' | 'nginx' | 'taskset' | 'curl' | 'openssl' | 'chromium' | 'kubectl';

/** Debian puts servers where only root's PATH looks. */
const EXTRA_FOLDERS = ['/usr/sbin', '/usr/local/sbin'];

const found = new Map<Tool, string | undefined>();

/** Absolute path of a program, or undefined; looked up once per process. */
export function findTool(tool: Tool): string | undefined {
  if (!found.has(tool)) found.set(tool, tool === 'envoy' ? findEnvoy() : findProgram(tool));
  return found.get(tool);
}

/**
 * Path of a real Envoy of the release we compare with: LIMPET_ENVOY, the virtual environment that .ci/run makes, or the
 * PATH. An Envoy of another release is passed over, since its picks may differ.
 */
export function findEnvoy(): string | undefined {
  const candidates = [process.env['LIMPET_ENVOY'], join(ROOT, '.envoy', 'bin', 'envoy'), findProgram('envoy')];
  return candidates.find((path) => path !== undefined && path !== '' && isEnvoy(path));
}

/**
 * For the `skip` option of a test: false where the machine has all the tools, else a line that says what is missing.
 * `it('...', { skip: skipUnless('envoy') }, async () => ...)`
 */
export function skipUnless(...tools: readonly Tool[]): string | false {
  const missing = tools.filter((tool) => findTool(tool) === undefined);
  if (missing.length === 0) return false;
  const names = missing.map((tool) => (tool === 'envoy' ? `envoy ${ENVOY_VERSION}` : tool));
  return `this machine has no ${names.join(', no ')} (.ci/run installs it)`;
}

function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...EXTRA_FOLDERS];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function isEnvoy(path: string): boolean {
  if (!isExecutable(path)) return false;
  const { stdout } = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 20_000 });
  return new RegExp(`/${ENVOY_VERSION.replace('.', '\\.')}\\.\\d+/`).test(stdout ?? '');
}
