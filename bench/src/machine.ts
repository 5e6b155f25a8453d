import { spawnSync } from 'node:child_process';
import { cpus, release, type } from 'node:os';

/** What a reader has to know about the machine to judge the figures. */
export function describeMachine(): string {
  const models = [...new Set(cpus().map(({ model }) => model.trim()))];
  return `${models.join(' and ')}, ${cpus().length} cores; ${type()} ${release()}`;
}

/** The first group of what a program's version option prints matches, or null. */
export function readVersion(command: string, args: readonly string[], pattern: RegExp): string | null {
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 });
  return pattern.exec(`${stdout ?? ''}${stderr ?? ''}`)?.[1] ?? null;
}
