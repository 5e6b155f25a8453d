import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { translate } from '../../control/translate.ts';
import { parseResources } from '../../resources/resources.ts';
import type { IstioOptions } from './options.ts';

const GATEWAY = `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}
`;

interface Read {
  /** Of the one listener. */
  readonly form: string | undefined;
  readonly said: readonly string[];
}

function read(configMaps: readonly string[], istio: Partial<IstioOptions> = {}): Read {
  const text = [...configMaps, GATEWAY].join('---\n');
  const { model, diagnostics } = translate(parseResources([{ source: 'a.yaml', text }]).resources, { istio });
  const listener = model.listeners[0] ?? assert.fail('no listener');
  const said = diagnostics.map(({ location: { line, column, endColumn }, severity, message }) => {
    return `${line}:${column}-${endColumn} ${severity}: ${message}`;
  });
  return { form: listener.pathNormalization, said };
}

const configMap = (name: string, mesh: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: istio-system}\ndata:\n  mesh: ${mesh}\n`;
const form = (name: string, normalization: string): string =>
  configMap(name, `"pathNormalization: {normalization: ${normalization}}"`);

describe('MeshConfig', () => {
  it('has its mistakes at their lines in the block', () => {
    const block =
      '|-\n    pathNormalization:\n      normalization: NOWHERE\n\n    # why\n    enableTracing: true\n    nmae: x';
    const { said } = read([configMap('istio', block)]);
    assert.deepEqual(said, [
      '7:22-29 error: pathNormalization.normalization must be one of DEFAULT, NONE, BASE, MERGE_SLASHES, DECODE_AND_MERGE_SLASHES, not the text "NOWHERE"',
      '10:5-18 note: enableTracing is ignored: it plays no part in what a gateway serves',
      '11:5-9 warning: unknown field nmae',
    ]);
  });

  it('has what is no YAML at its line, too', () => {
    const { said } = read([configMap('istio', '|\n    a: 1\n    b: [')]);
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /^[78]:\d+-\d+ error: data\.mesh of ConfigMap istio: /);
  });

  it('has its mistakes at the key where it is no block', () => {
    assert.deepEqual(read([configMap('istio', '"nmae: x\\nb: 1"')]).said, [
      '5:3-7 warning: unknown field b',
      '5:3-7 warning: unknown field nmae',
    ]);
  });

  it('must be a mapping', () => {
    for (const mesh of ['"[1]"', 'x', '|\n    text'])
      assert.match(read([configMap('istio', mesh)]).said.join(), /^5:3-7 error: .* must be a mapping/);
    assert.deepEqual(read([configMap('istio', '""')]).said, []);
  });

  it('is that of the revision', () => {
    const both = [form('istio', 'NONE'), form('istio-canary', 'MERGE_SLASHES')];
    assert.equal(read(both).form, 'none');
    assert.equal(read(both, { revision: 'default' }).form, 'none');
    assert.equal(read(both, { revision: 'canary' }).form, 'mergeSlashes');
    assert.equal(read(both, { revision: 'other' }).form, 'base');
  });

  it('is the only one where no revision is given', () => {
    const other = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio-ca-root-cert, namespace: istio-system}\n';
    assert.equal(read([form('istio-canary', 'NONE'), other]).form, 'none');
    const several = read([form('istio-a', 'NONE'), form('istio-b', 'MERGE_SLASHES')]);
    assert.equal(several.form, 'base');
    assert.equal(several.said.length, 2);
    assert.match(several.said[0] ?? '', /^3:18-25 warning: no revision is given, and there are several \(a, b\)/);
  });
});
