import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createTempDir } from '../support/temp-dir.ts';
import { ROOT } from '../support/tools.ts';

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function limpet(...args: string[]): Result {
  return limpetWithInput('', ...args);
}

function limpetWithInput(input: string, ...args: string[]): Result {
  const env = { ...process.env, LIMPET_STATE_DIR: '/dev/null/nowhere' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/limpet.js', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env,
    input,
  });
  assert.doesNotMatch(stderr, /\n {4}at /, 'users see no stack');
  return { code: status, out: stdout, err: stderr };
}

const ASM = 'examples/asm-httpbin';

describe('limpet', () => {
  it('prints its version and its help', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    assert.deepEqual(limpet('--version'), { code: 0, out: `${version}\n`, err: '' });
    const help = limpet('--help');
    assert.equal(help.code, 0);
    for (const command of ['run', 'check', 'explain', 'convert', 'lab'])
      assert.match(help.out, new RegExp(`^ {2}${command} `, 'm'));
  });

  it('exits 2 where the call is wrong, and says what was meant', () => {
    const calls: [string[], RegExp][] = [
      [['chek'], /unknown command 'chek'\n\(Did you mean check\?\)/],
      [['lab', 'pots'], /unknown command 'lab pots'\n\(Did you mean lab pods\?\)/],
      [['check'], /required option '-f, --file <path...>' not specified/],
      [['check', '-f', ASM, '--outptu', 'json'], /Did you mean --output/],
      [['check', '-f', ASM, '-o', 'yaml'], /Allowed choices are text, json/],
      [['run', '-f', ASM, '--port', '80'], /80=18080/],
      [['run', '-f', ASM, '--bind', 'localhost'], /Write an IP address/],
      [['run', '-f', ASM, '--workers', '0'], /a number from 1 to 1024/],
      [['run', '-f', ASM, '--admin-token-file', '/nonexistent'], /can't be read/],
      [['explain', '-f', ASM], /missing required argument 'url'/],
      [['explain', 'http://a/'], /either -f PATH or --admin ADDR/],
      [['explain', '-f', ASM, 'shop.example'], /missing required argument 'url'/],
      [['explain', 'shop.example', '-f', ASM], /Write a whole URL/],
      [['convert', '-f', ASM], /required option '-t, --to <form>' not specified/],
      [['convert', '-f', ASM, '--to', 'nginx'], /Allowed choices are envoy, model/],
      [['convert', '-f', ASM, '--to', 'envoy', '--bootstrap', '--admin-port', 'x'], /a number from 0 to 65535/],
      ...['run', 'check', 'explain', 'convert'].map((command): [string[], RegExp] => [
        [command, '-f', ASM, '--istio', 'namespac=edge'],
        /There is no setting namespac\. Did you mean namespace\?/,
      ]),
      [['check', '-f', ASM, '--istio', 'PILOT_SEND_UNHEALTHY_ENDPOINTS=yes'], /write true or false/],
      [['explain', '--admin', '127.0.0.1:1', '--istio', 'namespace=edge', 'http://a/'], /--istio goes with -f/],
      [['lab', 'scale', 'httpbin', '--replicas', 'many'], /a number from 0 to 50/],
    ];
    for (const [args, message] of calls) {
      const { code, out, err } = limpet(...args);
      assert.deepEqual([code, out], [2, ''], args.join(' '));
      assert.match(err, message);
    }
  });

  it('exits 1 where there is nothing to talk to', () => {
    const noLab = limpet('lab', 'pods');
    assert.deepEqual([noLab.code, noLab.err], [1, 'limpet: no lab is running; start one with `npx limpet lab`\n']);
    const noAdmin = limpet('explain', '--admin', '127.0.0.1:1', 'http://a/');
    assert.equal(noAdmin.code, 1);
    const noFolder = limpet('lab');
    assert.deepEqual([noFolder.code, noFolder.err.includes('set LIMPET_STATE_DIR')], [1, true]);
    assert.match(noAdmin.err, /no admin API answers at 127\.0\.0\.1:1/);
  });
});

describe('limpet check', () => {
  it('finds nothing wrong with the tutorials', () => {
    for (const tutorial of ['asm-httpbin', 'gloo-httpbin', 'istio-bwce', 'istio-helloworld']) {
      const { code, out, err } = limpet('check', '-f', `examples/${tutorial}`);
      assert.deepEqual([code, err], [0, '']);
      assert.match(
        out,
        /^\d files: 0 errors, 0 warnings, 0 notes; would serve \d listeners?, \d routes?, 1 cluster, \d endpoints\n$/,
      );
    }
  });

  it('finds nothing wrong with the example of SessionPolicies', () => {
    const { code, out, err } = limpet('check', '-f', 'examples/sessions');
    assert.deepEqual([code, err], [0, '']);
    assert.equal(
      out,
      '3 files: 0 errors, 0 warnings, 0 notes; would serve 1 listener, 3 routes, 4 clusters, 9 endpoints\n',
    );
  });

  it('shows each mistake with file, line, column and a caret, and exits 1', () => {
    using folder = createTempDir();
    const file = folder.write(
      'a.yaml',
      `${readFileSync(join(ROOT, ASM, 'gateway.yaml'), 'utf8')}`.replace('number: 80', 'number: eighty'),
    );
    const { code, out } = limpet('check', '-f', file, join(ASM, 'workload.yaml'));
    assert.equal(code, 1);
    assert.match(
      out,
      new RegExp(
        `^${file}:7:20: error\\[invalid-field\\]: .*\\n7 \\|   - port: {number: eighty,.*\\n +\\| +\\^{6}\\n`,
        'm',
      ),
    );
    assert.match(out, /\n2 files: 1 error, \d warnings?, \d notes?; would serve [^\n]*\n$/);
  });

  it('gives the same as JSON', () => {
    using folder = createTempDir();
    const file = folder.write('a.yaml', 'a: [\n');
    const { code, out } = limpet('check', '-f', file, '/nonexistent', '-o', 'json');
    assert.equal(code, 1);
    const { files, errors, diagnostics } = JSON.parse(out);
    assert.deepEqual([files, errors], [[file], 2]);
    assert.deepEqual(
      diagnostics.map(({ code: name }: { code: string }) => name),
      ['unreadable-source', 'yaml-syntax'],
    );
  });

  it('reads standard input where the path is a dash', () => {
    const { code, out } = limpetWithInput('kind: [\n', 'check', '-f', '-');
    assert.equal(code, 1);
    assert.match(out, /^stdin:\d+:\d+: error\[yaml-syntax\]/);
  });

  it('reads folders inside folders only when told to', () => {
    assert.equal(limpet('check', '-f', 'examples/gloo-httpbin').code, 0);
    const { code, out } = limpet('check', '-R', '-f', 'examples/gloo-httpbin');
    assert.equal(code, 1);
    assert.match(out, /variants\/upstream-maglev\.yaml:\d+:\d+: error\[duplicate-resource\]/);
  });
});

describe('limpet --istio', () => {
  const edge = readFileSync(join(ROOT, ASM, 'gateway.yaml'), 'utf8').replace(
    '{istio: ingressgateway}',
    '{istio: edge, app: shop}',
  );

  it('says which gateway this is', () => {
    using folder = createTempDir();
    const files = ['-f', folder.write('edge.yaml', edge), join(ASM, 'workload.yaml')];
    const other = limpet('check', ...files);
    assert.match(other.out, /selects other gateways than this one\n.*\n.*\n.*`--istio labels=KEY=VALUE,\.\.\.`/);
    assert.match(other.out, /would serve 0 listeners/);
    const labels = ['--istio', 'labels=istio=edge', '--istio', 'labels=app=shop'];
    const own = limpet('check', ...files, ...labels);
    assert.match(own.out, /: 0 errors, 0 warnings, .*; would serve 1 listener, 1 route, 1 cluster/);
    const { out } = limpet('explain', ...files, ...labels, 'http://127.0.0.1/hello');
    assert.match(out, /endpoint +127\.0\.1\.\d:8080/);
    const model = limpet('convert', ...files, ...labels, '--to', 'model').out;
    assert.equal((JSON.parse(model) as { listeners: unknown[] }).listeners.length, 1);
  });

  it('tells the namespace by which exported resources are seen', () => {
    const scoped = ['--istio', 'PILOT_SCOPE_GATEWAY_TO_NAMESPACE=true'];
    const elsewhere = limpet('check', '-f', ASM, ...scoped);
    assert.match(elsewhere.out, /is not in the gateway's namespace istio-system[^`]*`--istio namespace=NAME`/);
    const here = limpet('check', '-f', ASM, ...scoped, '--istio', 'namespace=default');
    assert.match(here.out, /: 0 errors, 0 warnings, 0 notes; would serve 1 listener/);
  });

  it('makes all clusters by the variable as by --all-clusters', () => {
    using folder = createTempDir();
    const unused = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'unused' }, spec: { ports: [{ port: 80 }] } };
    const files = ['-f', ASM, folder.write('unused.json', JSON.stringify(unused))];
    const convert = (...args: string[]): string => limpet('convert', ...files, '--to', 'envoy', ...args).out;
    const all = convert('--istio', 'PILOT_FILTER_GATEWAY_CLUSTER_CONFIG=false');
    assert.match(all, /"outbound\|80\|\|unused\.default\.svc\.cluster\.local"/);
    assert.equal(all, convert('--all-clusters'));
    assert.equal(all, convert('--all-clusters', '--istio', 'PILOT_FILTER_GATEWAY_CLUSTER_CONFIG=true'));
    assert.doesNotMatch(convert(), /unused/);
  });
});

describe('limpet explain', () => {
  it('says step by step why, with the line of the YAML', () => {
    const { code, out, err } = limpet(
      'explain',
      '-f',
      ASM,
      'http://127.0.0.1/hello',
      '-H',
      'cookie: sticky-session-key=abc',
    );
    assert.deepEqual([code, err], [0, '']);
    const steps = out.match(/^ {2}\w+( \w+)?(?= {2})/gm)?.map((step) => step.trim());
    assert.deepEqual(steps, [
      'listener',
      'virtual host',
      'route',
      'target',
      'key',
      'balancer',
      'endpoint',
      'response',
      'decision',
    ]);
    assert.match(
      out,
      /endpoint +127\.0\.1\.\d:8080, pod httpbin-\d\n +at EndpointSlice default\/httpbin-7x2vq \(examples\/asm-httpbin\/workload\.yaml:\d+\)/,
    );
    assert.doesNotMatch(out, /abc/, 'a key is never shown');
  });

  it('gives the same pod to the same cookie, as JSON too', () => {
    const ask = (cookie: string): string => {
      const { out } = limpet(
        'explain',
        '-f',
        ASM,
        '-o',
        'json',
        '-H',
        `cookie: sticky-session-key=${cookie}`,
        '--',
        'http://127.0.0.1/',
      );
      return JSON.parse(out).decision.chosen;
    };
    assert.match(ask('one'), /^127\.0\.1\.[123]:8080$/);
    assert.equal(ask('one'), ask('one'));
  });

  it('exits 1 where no route answers', () => {
    const { code, out } = limpet('explain', '-f', 'examples/istio-helloworld', 'http://127.0.0.1/other');
    assert.equal(code, 1);
    assert.match(out, /decision +none: the gateway answers 404/);
  });
});

describe('limpet convert', () => {
  it("prints Envoy's resources by Istio's names", () => {
    const { code, out, err } = limpet('convert', '-f', ASM, '--to', 'envoy');
    assert.deepEqual([code, err], [0, '']);
    const resources = JSON.parse(out) as { [kind: string]: { name?: string; clusterName?: string }[] };
    const names = Object.entries(resources).map(([kind, list]) => [
      kind,
      list.map((one) => one.name ?? one.clusterName),
    ]);
    assert.deepEqual(names, [
      ['listeners', ['0.0.0.0_80']],
      ['routes', ['http.80']],
      ['clusters', ['outbound|8000||httpbin.default.svc.cluster.local']],
      ['endpoints', ['outbound|8000||httpbin.default.svc.cluster.local']],
    ]);
  });

  it('prints one file for an Envoy by itself, with ports that can be bound', () => {
    const { code, out } = limpet(
      'convert',
      '-f',
      ASM,
      '--to',
      'envoy',
      '--bootstrap',
      '-p',
      '80=18080',
      '--bind',
      '127.0.0.1',
    );
    const { staticResources } = JSON.parse(out) as { staticResources: { listeners: { address: unknown }[] } };
    assert.equal(code, 0);
    assert.deepEqual(staticResources.listeners[0]?.address, {
      socketAddress: { address: '127.0.0.1', portValue: 18080 },
    });
    assert.doesNotMatch(out, /"ads"|"rds"|"EDS"/);
  });

  it('prints the model', () => {
    const { code, out } = limpet('convert', '-f', ASM, '--to', 'model');
    assert.equal(code, 0);
    assert.deepEqual(Object.keys(JSON.parse(out) as object), ['listeners', 'clusters']);
  });

  it('prints what can be converted and exits 1 where the files have errors', () => {
    const gateway = readFileSync(join(ROOT, ASM, 'gateway.yaml'), 'utf8');
    const { code, out, err } = limpetWithInput(`${gateway}\n---\nkind: {`, 'convert', '-f', '-', '--to', 'envoy');
    assert.equal(code, 1);
    assert.ok(JSON.parse(out));
    assert.match(err, /stdin:\d+:\d+: error\[yaml-syntax\]/);
  });
});
