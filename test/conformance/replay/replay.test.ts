import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createTempDir } from '../../support/temp-dir.ts';
import { expandTemplate } from './host-template.ts';
import { replayText } from './replay-file.ts';

const RECORDINGS = new URL('../../../src/affinity/testdata/', import.meta.url);
const REPLAY = fileURLToPath(new URL('./replay.ts', import.meta.url));

interface Recorded {
  kind?: string;
  cases: Record<string, unknown>[];
  [field: string]: unknown;
}

function read(file: string): Recorded {
  return JSON.parse(readFileSync(new URL(file, RECORDINGS), 'utf8')) as Recorded;
}

/** Replays one case of a file, changed. */
function replayChanged(file: string, index: number, change: (item: Record<string, unknown>, head: Recorded) => void) {
  const recording = read(file);
  const item = recording.cases[index]!;
  change(item, recording);
  return replayText(JSON.stringify({ ...recording, cases: [item] }));
}

describe('replayText', () => {
  it('fails a pick that Envoy did not make', () => {
    const tally = replayChanged('ring_hash.json', 5, (item) => {
      (item['picks'] as number[])[0]! += 1;
    });
    assert.equal(tally.failed, 1);
    assert.match(tally.mismatches[0] ?? '', /default-50\): pick of key "": got 38, recorded 39/);
  });

  it('fails a table, a gauge, a header and a hash that differ', () => {
    assert.equal(replayChanged('maglev.json', 2, (item) => Object.assign(item, { table_sha256: '00' })).failed, 1);
    assert.equal(replayChanged('maglev.json', 2, (item) => Object.assign(item, { stats: [1, 2] })).failed, 1);
    assert.equal(replayChanged('cookies.json', 2, (item) => Object.assign(item, { set_cookie: ['x=1'] })).failed, 1);
    assert.equal(replayChanged('hash_policies.json', 0, (item) => Object.assign(item, { hash: '00' })).failed, 1);
    assert.equal(
      replayChanged('client_address.json', 0, (item) => Object.assign(item, { upstream_headers: {} })).failed > 0,
      true,
    );
  });

  it('fails a case with a field or an option that it has no meaning for', () => {
    const strange = replayChanged('ring_hash.json', 0, (item) => Object.assign(item, { colour: 'red' }));
    assert.match(strange.mismatches[0] ?? '', /no meaning known for colour/);
    const option = replayChanged('ring_hash.json', 0, (item) =>
      Object.assign(item, { config: { lb_policy: 'CLEVER' } }),
    );
    assert.deepEqual([option.passed, option.failed], [0, 1]);
    assert.match(option.mismatches[0] ?? '', /lb_policy CLEVER/);
  });

  it('fails a file of an unknown kind, without cases, or that is no recording', () => {
    assert.match(replayText('{"kind":"tea","cases":[{}]}').mismatches[0] ?? '', /no replay for the kind "tea"/);
    assert.match(replayText('{"kind":"ring","cases":[]}').mismatches[0] ?? '', /no cases/);
    for (const text of ['', '[]', '{"cases":1}', 'tea']) assert.equal(replayText(text).failed, 1, text);
  });

  it('knows a file without a kind by its cases', () => {
    for (const file of [
      'xxhash64.json',
      'murmur2.json',
      'weighted_clusters.json',
      'retries.json',
      'bounded_load.json',
    ]) {
      const { kind: _kind, ...recording } = read(file);
      const tally = replayText(JSON.stringify(recording));
      assert.ok(tally.passed > 0 && tally.failed === 0, file);
    }
  });

  it('takes clusters, routes and hosts that are in none of the recordings', () => {
    const tally = replayChanged('stateful_session.json', 0, (item, head) => {
      const cookie = { name: 'other', path: '/x', ttl: '0s', attributes: [{ name: 'Secure' }] };
      const typed = { '@type': 'type.googleapis.com/x.CookieBasedSessionState', cookie };
      head['routes'] = { mine: { stateful_session: { session_state: { name: 'x', typed_config: typed } } } };
      head['clusters'] = { mine: { config: { lb_policy: 'MAGLEV' }, endpoints: [{ hosts: ['[2001:DB8::7]:1'] }] } };
      Object.assign(item, { route: 'mine', cluster: 'mine', path: '/x/y', lb_pick: '[2001:db8::7]:1' });
      const value = Buffer.from('\n\x0f[2001:db8::7]:1').toString('base64');
      Object.assign(item, { upstream: '[2001:db8::7]:1', set_cookie: [`other="${value}"; Path=/x; Secure; HttpOnly`] });
    });
    assert.deepEqual([tally.mismatches, tally.passed], [[], 4]);
  });

  it('betters only what the decisions name', () => {
    const dead = read('stateful_session.json').cases.findIndex((item) => item['id'] === 'connect-failure-sets-cookie');
    assert.equal(replayChanged('stateful_session.json', dead, () => {}).bettered, 1);
    const other = replayChanged('stateful_session.json', dead, (item) =>
      Object.assign(item, { set_cookie: ['sess="x"'] }),
    );
    assert.deepEqual([other.bettered, other.failed], [0, 1]);
    const picked = replayChanged('stateful_session.json', dead, (item) =>
      Object.assign(item, { upstream: '10.150.4.2:8080' }),
    );
    assert.equal(picked.failed, 1);
    const retried = read('cookies.json').cases.findIndex((item) => item['route'] === 'retry2');
    const lines = (count: number) => (item: Record<string, unknown>) => {
      item['set_cookie'] = Array.from({ length: count }, () => (item['set_cookie'] as string[])[0]);
    };
    assert.equal(replayChanged('cookies.json', retried, lines(3)).bettered, 1);
    assert.equal(replayChanged('cookies.json', retried, lines(4)).failed, 1);
    assert.equal(replayChanged('cookies.json', retried, lines(1)).bettered, 0);
  });
});

describe('expandTemplate', () => {
  it('does whole-number arithmetic on the running number', () => {
    assert.deepEqual(expandTemplate('10.{j/2}.{j%2+1}.{(j+1)*10-2}:80 for j in 0..2'), [
      '10.0.1.8:80',
      '10.0.2.18:80',
      '10.1.1.28:80',
    ]);
  });

  it('refuses anything else', () => {
    for (const text of ['10.0.0.1:80', '{k} for j in 0..1', '{j+} for j in 0..1', '{j j} for j in 0..1']) {
      assert.throws(() => expandTemplate(text), /no template|no expression/, text);
    }
  });
});

describe('npm run replay', () => {
  const folder = createTempDir();
  after(() => folder.remove());

  function run(...paths: readonly string[]) {
    const { status, stdout } = spawnSync(process.execPath, [REPLAY, ...paths], { encoding: 'utf8' });
    return { status, lines: stdout.trimEnd().split('\n') };
  }

  it('prints every file and the sums, and exits 0 when nothing failed', () => {
    const file = fileURLToPath(new URL('murmur2.json', RECORDINGS));
    assert.deepEqual(run(file), {
      status: 0,
      lines: [`${file}: 77 of 77 cases; 77 passed, 0 failed, 0 bettered`, 'replayed: 77 passed, 0 failed, 0 bettered'],
    });
  });

  it('exits 1 with the first mismatches when something failed', () => {
    const recording = read('murmur2.json');
    folder.write('wrong.json', JSON.stringify({ ...recording, cases: [['a', '00'], ...recording.cases] }));
    const { status, lines } = run(folder.path);
    assert.equal(status, 1);
    assert.match(lines[1] ?? '', /case 1: digest: got "[0-9a-f]{16}", recorded "00"/);
    assert.equal(lines.at(-1), 'replayed: 77 passed, 1 failed, 0 bettered');
  });

  it('fails what it cannot replay rather than pass it over', () => {
    folder.write('wrong.json', '{}');
    const { status, lines } = run(join(folder.path, 'nothing'), folder.path);
    assert.equal(status, 1);
    assert.match(lines.join('\n'), /nothing: .*\n {2}file: no replayable file/);
    assert.equal(lines.at(-1), 'replayed: 0 passed, 2 failed, 0 bettered');
  });

  it('asks for arguments', () => assert.equal(run().status, 2));
});
