// The long form of the soak: `npm run soak`, or `node test/soak/soak.ts --minutes 2`. `--write` puts its figures into
// docs/reliability.md. Exit code 1 where a promise was broken.
import { parseArgs } from 'node:util';
import { findBroken, formatSoak, writeSoak } from './soak-report.ts';
import { runSoak, type SoakOptions } from './soak-run.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    workers: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
});
const minutes = Number(values.minutes);
const workers = Number(values.workers);
if (!(minutes > 0 && minutes <= 600 && workers >= 2 && workers <= 64)) {
  console.error('usage: node test/soak/soak.ts [--minutes 0..600] [--workers 2..64] [--write]');
  process.exit(2);
}
const options: SoakOptions = {
  durationMillis: minutes * 60_000,
  capacityMillis: 5_000,
  editEveryMillis: 5_000,
  flapEveryMillis: 3_000,
  killEveryMillis: 60_000,
  workers,
  clients: 100,
  load: 0.5,
  onProgress: (line) => console.log(line),
};
const result = await runSoak(options);
const report = formatSoak(result, options);
console.log(`\n${report}`);
if (values.write) writeSoak('docs/reliability.md', report);
const broken = findBroken(result);
for (const line of broken) console.error(line);
process.exitCode = broken.length === 0 ? 0 : 1;
