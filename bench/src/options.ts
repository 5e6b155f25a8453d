import { parseArgs } from 'node:util';

export interface BenchOptions {
  readonly rounds: number;
  readonly secondsPerRound: number;
  readonly warmUpSeconds: number;
  /** Lower-case names of contenders; null: all that the machine has. */
  readonly only: readonly string[] | null;
  /** Write the table into docs/performance.md. */
  readonly write: boolean;
}

export const USAGE = `npm run bench -- [--quick] [--rounds N] [--seconds N] [--only limpet,envoy] [--write]
  --quick    one short round, to see that it works; its figures mean nothing
  --rounds   measured rounds, in each of which every contender has its turn (5)
  --seconds  length of a turn (4)
  --only     only these of limpet, envoy, haproxy, nginx
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
      write: { type: 'boolean', default: false },
    },
  });
  if (values.quick && values.write) throw new Error('--quick measures too little to be written down');
  return {
    rounds: readCount('--rounds', values.rounds, values.quick ? 1 : 5),
    secondsPerRound: readCount('--seconds', values.seconds, values.quick ? 1 : 4),
    warmUpSeconds: values.quick ? 1 : 4,
    only: values.only === undefined ? null : values.only.toLowerCase().split(','),
    write: values.write,
  };
}

function readCount(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^[1-9]\d{0,2}$/.test(text)) throw new Error(`${name} takes a number from 1 to 999, not ${text}`);
  return Number(text);
}
