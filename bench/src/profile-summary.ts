// Functions with the most CPU time of their own in a V8 profile: `node bench/src/profile-summary.ts FILE.cpuprofile`.
import { readFileSync } from 'node:fs';
import process from 'node:process';

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: CallFrame }[];
  readonly samples: readonly number[];
  /** Microseconds between samples. */
  readonly timeDeltas: readonly number[];
}

const TOP = 40;

function summarize({ nodes, samples, timeDeltas }: CpuProfile): string {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const micros = new Map<string, number>();
  let busy = 0;
  samples.forEach((id, index) => {
    const frame = frames.get(id);
    if (frame === undefined || frame.functionName === '(idle)') return;
    const elapsed = timeDeltas[index] ?? 0;
    const name = nameOf(frame);
    busy += elapsed;
    micros.set(name, (micros.get(name) ?? 0) + elapsed);
  });
  const lines = [...micros]
    .sort((a, b) => b[1] - a[1])
    .slice(0, TOP)
    .map(([name, elapsed]) => `${((100 * elapsed) / busy).toFixed(1).padStart(5)} %  ${name}`);
  return `${(busy / 1e6).toFixed(1)} s of CPU time\n${lines.join('\n')}\n`;
}

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const file = url.replace(/^.*\/(src|node_modules)\//, '$1/');
  return url === '' ? functionName || '(native)' : `${functionName || '(anonymous)'}  ${file}:${lineNumber + 1}`;
}

const [file] = process.argv.slice(2);
if (file === undefined) {
  process.stderr.write('node bench/src/profile-summary.ts FILE.cpuprofile\n');
  process.exitCode = 2;
} else process.stdout.write(summarize(JSON.parse(readFileSync(file, 'utf8')) as CpuProfile));
