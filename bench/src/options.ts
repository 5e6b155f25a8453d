import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly rounds: number;
  readonly secondsPerRound: number;
  readonly warmUpSeconds: number;
  /** Lower-case names of contenders; null: all that the machine has. */
  readonly only: readonly string[] | null;
  /** Folder for a V8 profile of Limpet; null: none. Figures taken while profiling mean nothing. */
  readonly cpuProfileDir: string | null;
  /** Write the table into docs/performance.md. */
  readonly write: boolean;
}

export const USAGE = `npm run bench -- [--quick] [--rounds N] [--seconds N] [--only limpet,envoy] [--cpu-prof DIR] [--write]
  --quick    one short round, to see that it works; its figures mean nothing
  --rounds   measured rounds, in each of which every contender has its turn (5)
  --seconds  length of a turn (4)
  --only     only these of limpet, envoy, haproxy, nginx
  --cpu-prof write a V8 profile of Limpet into this folder
  --write    put the table into docs/performance.md
`;

/** Reads the command line; throws an Error with a message for the user. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string' },
      'cpu-prof': { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  });
  const cpuProfileDir = values['cpu-prof'] ?? null;
  if (values.write && values.quick) throw new Error('--quick measures too little to be written down');
  if (values.write && cpuProfileDir !== null) throw new Error('a profiled run is too slow to be written down');
  return {
    rounds: readCount('--rounds', values.rounds, values.quick ? 1 : 5),
    secondsPerRound: readCount('--seconds', values.seconds, values.quick ? 1 : 4),
    warmUpSeconds: values.quick ? 1 : 4,
    only: values.only === undefined ? null : values.only.toLowerCase().split(','),
    cpuProfileDir,
    write: values.write,
  };
}

function readCount(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new Error(`${name} takes a number from 1 to 999, not ${text}`);
  return Number(text);
}
