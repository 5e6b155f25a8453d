import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Resource } from './resource.ts';
import { parseResources } from './resources.ts';

const SERVICE = 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\n';

function parse(...texts: string[]): { all: readonly Resource[]; found: string[]; diagnostics: readonly Diagnostic[] } {
  const { resources, diagnostics } = parseResources(texts.map((text, index) => ({ source: `${index}.yaml`, text })));
  const found = diagnostics.map(
    ({ location: { source, line, column }, severity, code }) => `${source}:${line}:${column} ${severity} ${code}`,
  );
  return { all: resources.all, found, diagnostics };
}

function namesOf(resources: readonly Resource[]): string[] {
  return resources.map(({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`);
}

describe('parseResources', () => {
  it('reads many documents of a file, with empty ones between', () => {
    const { all, found } = parse(
      `# head\n---\n${SERVICE}---\n\n---\n# nothing\n---\n${SERVICE.replace('a}', 'b}')}...\n`,
    );
    assert.deepEqual(namesOf(all), ['Service default/a', 'Service default/b']);
    assert.deepEqual(found, []);
  });

  it('reads JSON, indented by tabs too', () => {
    const { all, found } = parse(
      '{\n\t"apiVersion": "v1",\n\t"kind": "Service",\n\t"metadata": {"name": "a", "namespace": "n"}\n}\n',
    );
    assert.deepEqual(namesOf(all), ['Service n/a']);
    assert.deepEqual(found, []);
  });

  it('unrolls lists, also typed and nested ones, and keeps positions inside', () => {
    const text = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ServiceList
  items:
  - {apiVersion: v1, kind: Service, metadata: {name: a}}
- apiVersion: v1
  kind: Service
  metadata: {name: b}
  spec: {clusterIP: None}
`;
    const { all, found } = parse(text);
    assert.deepEqual(namesOf(all), ['Service default/a', 'Service default/b']);
    assert.deepEqual(found, []);
    const [, second] = all;
    assert.ok(second);
    const { line, column, endColumn } = second.position(['spec', 'clusterIP']);
    assert.deepEqual([line, column, endColumn], [11, 21, 25]);
  });

  it('drops only the broken document, whatever is open in it', () => {
    for (const broken of [
      'a: "never closed',
      'a: {b: [1, 2',
      "a: 'x",
      'a: b: c',
      'a: |\n  x\n y',
      '\ta: 1',
      'a: *none',
      '? [',
      'x: "\\q"',
    ]) {
      const { all, diagnostics } = parse(`${SERVICE}---\n${broken}\n---\n${SERVICE.replace('a}', 'b}')}`);
      assert.deepEqual(namesOf(all), ['Service default/a', 'Service default/b'], broken);
      assert.equal(diagnostics.length, 1, broken);
      assert.equal(diagnostics[0]?.code, 'yaml-syntax', broken);
      assert.ok((diagnostics[0]?.location.line ?? 0) >= 5 && (diagnostics[0]?.location.line ?? 0) <= 8, broken);
    }
  });

  it('points at the exact place of a syntax error', () => {
    assert.deepEqual(parse(`${SERVICE}---\nkind: x\nmetadata:\n  name: a\n  name: b\n`).found, [
      '0.yaml:8:3 error yaml-syntax',
    ]);
    assert.deepEqual(parse('a: 1\nb: @x\n').found, ['0.yaml:2:4 error yaml-syntax']);
  });

  it('never quotes the text of a broken document', () => {
    for (const secret of [
      'kind: Secret\ndata: {k: hunter2, k: hunter2}',
      'k: "hunter2',
      'hunter2: *hunter2',
      '- hunter2\nk: v',
    ]) {
      for (const { message, help } of parse(secret).diagnostics) assert.doesNotMatch(`${message}${help}`, /hunter2/);
    }
  });

  it('says what is no resource, and where', () => {
    assert.deepEqual(parse('just text\n').found, ['0.yaml:1:1 error missing-field']);
    assert.deepEqual(parse('- 1\n').found, ['0.yaml:1:1 error missing-field']);
    assert.deepEqual(parse('kind: Service\n').found, ['0.yaml:1:1 error missing-field']);
    assert.deepEqual(parse('apiVersion: v1\nkind: 5\n').found, ['0.yaml:2:7 error missing-field']);
    assert.deepEqual(parse('apiVersion: v1\nkind: Service\n').found, ['0.yaml:1:1 error invalid-field']);
    assert.deepEqual(parse('apiVersion: v1\nkind: Service\nmetadata: {name: 7}\n').found, [
      '0.yaml:3:18 error invalid-field',
    ]);
  });

  it('keeps the first of two resources with one identity, whatever their versions', () => {
    const dr = (version: string) =>
      `apiVersion: networking.istio.io/${version}\nkind: DestinationRule\nmetadata: {name: a}\n`;
    const { all, found } = parse(dr('v1'), dr('v1beta1'));
    assert.deepEqual(
      all.map(({ version }) => version),
      ['v1'],
    );
    assert.deepEqual(found, ['1.yaml:3:18 error duplicate-resource']);
  });

  it('drops a label that is no text, and keeps the resource', () => {
    const { all, found } = parse('apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {on: true, x: y}}\n');
    assert.deepEqual({ ...all[0]?.metadata.labels }, { x: 'y' });
    assert.deepEqual(found, ['0.yaml:3:34 error invalid-field']);
  });

  it('gives cluster-scoped kinds no namespace', () => {
    const { all } = parse('apiVersion: v1\nkind: Node\nmetadata: {name: n}\n');
    assert.deepEqual(namesOf(all), ['Node /n']);
  });

  it('follows anchors and merges, for values and for positions', () => {
    const text = `apiVersion: v1
kind: Service
metadata: {name: a}
base: &base
  one: 1
spec:
  <<: *base
  two: *base
`;
    const [resource] = parse(text).all;
    assert.ok(resource);
    assert.deepEqual(resource.value['spec'], { one: 1, two: { one: 1 } });
    assert.equal(resource.position(['spec', 'one']).line, 5);
    assert.equal(resource.position(['spec', 'two', 'one']).line, 5);
    assert.equal(resource.position(['spec', 'two'], 'key').line, 8);
  });

  it('refuses a bomb of aliases without building it', () => {
    const levels = Array.from(
      { length: 30 },
      (_, i) => `a${i + 1}: &a${i + 1} [${Array(10).fill(`*a${i}`).join(',')}]`,
    );
    const { all, found } = parse(`a0: &a0 x\n${levels.join('\n')}\n`);
    assert.deepEqual(all, []);
    assert.deepEqual(found, ['0.yaml:1:1 error yaml-syntax']);
  });

  it('refuses aliases and merges that make no sense', () => {
    for (const text of ['a: &a [*a]', '<<: 5', '<<: [1]', 'a: &a {b: *a}']) {
      const { all, found } = parse(`${text}\n---\n${SERVICE}`);
      assert.deepEqual(namesOf(all), ['Service default/a'], text);
      assert.equal(found.length, 1, text);
    }
  });

  it('refuses nesting that would exhaust the stack', () => {
    const { found } = parse(`${'['.repeat(100_000)}\n---\n${SERVICE}`);
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', /yaml-syntax/);
  });

  it('takes a key such as __proto__ for what it is', () => {
    const { all } = parse(
      'apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {__proto__: x}}\n__proto__: {polluted: 1}\n',
    );
    assert.equal(Object.entries(all[0]?.metadata.labels ?? {}).join(), '__proto__,x');
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });
});

describe('Resource.position', () => {
  const text = `apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  ports:\n  - {port: 80}\n  - port: 81\n`;
  const resource = parse(text).all[0];
  const at = (path: (string | number)[], part?: 'key' | 'value'): string => {
    const { line, column, endColumn } = resource?.position(path, part) ?? { line: 0, column: 0, endColumn: 0 };
    return `${line}:${column}-${endColumn}`;
  };

  it('gives a value, or its key', () => {
    assert.equal(at(['spec', 'ports', 1, 'port']), '7:11-13');
    assert.equal(at(['spec', 'ports', 1, 'port'], 'key'), '7:5-9');
    assert.equal(at(['spec', 'ports', 0]), '6:5-15');
  });

  it('gives the nearest parent of what is not there', () => {
    assert.equal(at(['spec', 'ports', 0, 'name']), '6:5-15');
    assert.equal(at(['spec', 'ports', 9]), at(['spec', 'ports']));
    assert.equal(at(['nowhere', 'at', 'all']), at([]));
  });
});
