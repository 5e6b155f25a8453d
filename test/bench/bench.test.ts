import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { describe, it } from 'node:test';
import { parseWrkOutput } from '../../bench/src/load.ts';
import { parseOptions } from '../../bench/src/options.ts';
import { formatReport, type Measured, writeReport } from '../../bench/src/report.ts';
import type { Turn } from '../../bench/src/rounds.ts';
import { spreadOf } from '../../bench/src/spread.ts';
import { startProcess } from '../support/child-process.ts';
import { createTempDir } from '../support/temp-dir.ts';
import { ROOT, skipUnless } from '../support/tools.ts';

const WRK_OUTPUT = `Running 2s test @ http://127.0.0.1:18080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.33ms  310.52us   9.02ms   92.51%
    Req/Sec    48.33k     2.09k   51.45k    75.00%
  Latency Distribution
     50%  963.00us
     75%    1.40ms
     90%    1.52ms
     99%    2.05ms
  96242 requests in 2.00s, 14.87MB read
Requests/sec:  48104.93
Transfer/sec:      7.43MB
`;

describe('parseWrkOutput', () => {
  it('reads counts and latencies', () => {
    assert.deepEqual(parseWrkOutput(WRK_OUTPUT), {
      requests: 96242,
      requestsPerSecond: 48104.93,
      p50Millis: 0.963,
      p99Millis: 2.05,
    });
  });

  it('takes a failed request for a failed run', () => {
    assert.throws(() => parseWrkOutput(`${WRK_OUTPUT}  Non-2xx or 3xx responses: 3\n`), /failed under load: Non-2xx/);
    assert.throws(
      () => parseWrkOutput(`${WRK_OUTPUT}  Socket errors: connect 0, read 5, write 0, timeout 0\n`),
      /read 5/,
    );
    assert.throws(() => parseWrkOutput('unable to connect'), /did not report: unable/);
  });
});

describe('spreadOf', () => {
  it('gives the lowest, the middle and the highest', () => {
    assert.deepEqual(spreadOf([3, 1, 2]), { min: 1, median: 2, max: 3 });
    assert.deepEqual(spreadOf([4, 1, 2, 3]), { min: 1, median: 2.5, max: 4 });
  });
});

describe('parseOptions', () => {
  it('refuses to write down what was measured badly', () => {
    assert.throws(() => parseOptions(['--quick', '--write']), /too little/);
    assert.throws(() => parseOptions(['--cpu-prof', 'x', '--write']), /too slow/);
    assert.throws(() => parseOptions(['--rounds', '0']), /from 1 to 999/);
    assert.deepEqual(parseOptions(['--only', 'Limpet,envoy', '--rounds', '2']).only, ['limpet', 'envoy']);
  });
});

describe('formatReport', () => {
  const report = formatReport([measuredOf('Envoy', [40, 30, 50]), measuredOf('Limpet', [20, 18, 20])], {
    machine: 'a machine',
    date: '2026-01-02',
    load: 'wrk',
    pods: 'nginx',
    direct: parseWrkOutput(WRK_OUTPUT),
    isPinned: true,
  });

  it('puts the best first and takes ratios round by round', () => {
    const rows = report.split('\n').slice(2, 4);
    assert.match(
      rows[0] ?? '',
      /^\| Limpet 1 \| \*\*20\.0\*\* \(18\.0 to 20\.0\) \| \*\*0\.50\*\* \(0\.40 to 0\.60\) \|/,
    );
    assert.match(rows[1] ?? '', /^\| Envoy 1 .* \*\*1\.00\*\*/);
    assert.match(report, /2026-01-02, a machine/);
  });

  it('goes between the markers of a document', () => {
    using dir = createTempDir();
    const file = dir.write('p.md', 'a\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nb\n');
    writeReport(file, report);
    writeReport(file, report);
    assert.equal(readFileSync(file, 'utf8'), `a\n<!-- bench:begin -->\n${report}<!-- bench:end -->\nb\n`);
    assert.throws(() => writeReport(dir.write('q.md', 'none'), report), /lacks the lines/);
  });
});

describe('npm run bench', () => {
  it('measures Limpet on this machine', {
    skip: skipUnless('wrk') || (process.platform !== 'linux' && 'needs Linux'),
  }, async () => {
    await using bench = await startProcess(process.execPath, [
      `${ROOT}bench/src/bench.ts`,
      '--quick',
      '--only',
      'limpet',
    ]);
    assert.equal(await bench.exit, 0, bench.output());
    assert.match(bench.output(), /^\| Limpet [^|]+\| \*\*\d+\.\d\*\* /m);
  });
});

function measuredOf(name: string, cpu: readonly number[]): Measured {
  const turns = cpu.map(
    (cpuMicrosPerRequest): Turn => ({
      cpuMicrosPerRequest,
      requestsPerSecond: 1000,
      p50Millis: 1,
      p99Millis: 2,
      residentMiB: 50,
    }),
  );
  return { name, version: '1', turns };
}
