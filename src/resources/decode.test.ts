import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DiagnosticSink } from '../diagnostics/sink.ts';
import { decodeSpec } from './decode.ts';
import { goDuration } from './duration.ts';
import { parseResources } from './resources.ts';
import {
  bool,
  check,
  deprecated,
  droppable,
  ignored,
  integer,
  list,
  mapOf,
  maybe,
  object,
  oneOf,
  type Schema,
  text,
  units,
  unsigned64,
  unsupported,
  withDefault,
} from './schema.ts';

function decode<T>(schema: Schema<T>, spec: string): { value: T | null; found: string[] } {
  const body = spec.replaceAll(/^/gm, '  ');
  const source = { source: 'a.yaml', text: `apiVersion: x/v1\nkind: X\nmetadata: {name: x}\nspec:\n${body}` };
  const [resource] = parseResources([source]).resources.all;
  assert.ok(resource);
  const sink = new DiagnosticSink();
  const value = decodeSpec(resource, schema, sink);
  const found = sink.sorted().map(({ location, severity, code, message, help }) => {
    const place = `${location.line - 4}:${location.column - 2}`;
    return `${place} ${severity} ${code}: ${message}${help === '' ? '' : ` (${help})`}`;
  });
  return { value, found };
}

describe('decodeSpec', () => {
  const server = object<{ port: number; mode: 'A' | 'B' }>({
    port: integer(1, 65535),
    mode: withDefault<'A' | 'B'>(oneOf('A', 'B'), 'A'),
  });

  it('fills in defaults, and takes null for absent', () => {
    const schema = object<{ a: string; b: boolean | null; c: readonly string[] }>({
      a: withDefault(text, 'x'),
      b: maybe(bool),
      c: list(text),
    });
    assert.deepEqual(decode(schema, 'a: null\nb: ~\n'), { value: { a: 'x', b: null, c: [] }, found: [] });
  });

  it('warns of an unknown field at its key and says what may be meant', () => {
    const schema = object<{ minimumRingSize: number | null }>({ minimumRingSize: maybe(integer(0, 9)) });
    assert.deepEqual(decode(schema, 'minimumRingsize: 5\nother: 1\n').found, [
      '1:1 warning unknown-field: unknown field spec.minimumRingsize (It has no effect. Did you mean "minimumRingSize"?)',
      '2:1 warning unknown-field: unknown field spec.other (It has no effect.)',
    ]);
  });

  it('drops the nearest unit around a fault and keeps the places of the others', () => {
    const schema = object<{ servers: readonly ({ port: number; mode: 'A' | 'B' } | null)[] }>({
      servers: units(server),
    });
    const { value, found } = decode(
      schema,
      'servers:\n- {port: 1}\n- {port: "80"}\n- {mode: A}\n- {port: 2, mode: C}\n- {port: 3}\n',
    );
    assert.deepEqual(value, { servers: [{ port: 1, mode: 'A' }, null, null, null, { port: 3, mode: 'A' }] });
    assert.deepEqual(found, [
      '3:10 error invalid-field: spec.servers[1].port must be a number, not the text "80" (Until it is mended, spec.servers[1] is left out.)',
      '4:3 error missing-field: spec.servers[2].port is missing (Until it is mended, spec.servers[2] is left out.)',
      '5:19 error invalid-field: spec.servers[3].mode must be one of A, B, not the text "C" (Until it is mended, spec.servers[3] is left out.)',
    ]);
  });

  it('gives the resource up where no unit is around the fault', () => {
    const schema = object<{ host: string }>({ host: text });
    const { value, found } = decode(schema, 'host: [a]\n');
    assert.equal(value, null);
    assert.deepEqual(found, [
      '1:7 error invalid-field: spec.host must be text, not a list (Until it is mended, X x is left out.)',
    ]);
  });

  it('makes null of an optional part that is wrong', () => {
    const schema = object<{ a: { n: number } | null; b: string }>({
      a: droppable(object<{ n: number }>({ n: integer(0, 9) })),
      b: text,
    });
    assert.deepEqual(decode(schema, 'a: {n: 10}\nb: x\n').value, { a: null, b: 'x' });
  });

  it('finds a fault that hides behind another', () => {
    const pair = check(
      object<{ a: number; b: number }>({ a: integer(0, 9), b: integer(0, 9) }),
      ({ a, b }) => a < b,
      'must have a < b',
    );
    const schema = object<{ pairs: readonly ({ a: number; b: number } | null)[] }>({ pairs: units(pair) });
    const { value, found } = decode(schema, 'pairs: [{a: x, b: 1}, {a: 2, b: 1}]\n');
    assert.deepEqual(value, { pairs: [null, null] });
    assert.equal(found.length, 2);
  });

  it('gives up a resource with very many faults, in one line and at once', () => {
    const schema = object<{ l: readonly (number | null)[] }>({ l: units(integer(0, 9)) });
    const { value, found } = decode(schema, `l: [${Array(20_000).fill('x').join(', ')}]\n`);
    assert.equal(value, null);
    assert.equal(found.length, 1);
    assert.match(
      found[0] ?? '',
      /^1:5 error invalid-field: X x has 20000 faults, the first of which: spec\.l\[0\] must be a number/,
    );
  });

  it('takes no list for a mapping and no mapping for a list', () => {
    const schema = object<{ a: object | null; l: readonly string[] }>({ a: maybe(object<object>({})), l: list(text) });
    assert.match(decode(schema, 'a: [1]\n').found.join(), /spec\.a must be a mapping, not a list/);
    assert.match(decode(schema, 'l: {a: 1}\n').found.join(), /spec\.l must be a list, not a mapping/);
    assert.match(decode(schema, 'l: [a, null]\n').found.join(), /spec\.l\[1\]/);
    assert.match(decode(object<{ m: object }>({ m: mapOf(text) }), 'm: [x]\n').found.join(), /must be a mapping/);
  });

  it('remarks on fields it knows and does not serve, and reads no further into them', () => {
    const schema = object<{ d: string | null }>(
      { d: deprecated(maybe(text), 'use e') },
      { u: unsupported('it does nothing'), i: ignored('it is not needed') },
    );
    assert.deepEqual(decode(schema, 'u: {anything: 1}\ni: 1\nd: x\n').found, [
      '1:1 warning unsupported-field: spec.u is not supported yet: it does nothing',
      '2:1 note ignored-field: spec.i is ignored: it is not needed',
      '3:1 note deprecated-field: spec.d is deprecated: use e',
    ]);
    assert.deepEqual(decode(schema, 'u: null\n').found, []);
  });

  it('keeps a mapping of own keys free of inherited ones', () => {
    const { value } = decode(object<{ m: Readonly<Record<string, string>> }>({ m: mapOf(text) }), 'm: {a: b}\n');
    assert.equal(value?.m['constructor'], undefined);
    assert.equal(value?.m['a'], 'b');
  });

  it('takes 64-bit counts as numbers or in quotes, and nothing else', () => {
    const schema = object<{ n: number }>({ n: unsigned64(9000) });
    assert.equal(decode(schema, 'n: 1024\n').value?.n, 1024);
    assert.equal(decode(schema, 'n: "1024"\n').value?.n, 1024);
    for (const bad of ['"x"', '""', '1.5', '-1', '"-1"', '9001', 'true', '[1]', '"0x10"']) {
      assert.equal(decode(schema, `n: ${bad}\n`).value, null, bad);
    }
  });

  it('says of a duration what would be one', () => {
    assert.match(
      decode(object<{ t: number }>({ t: goDuration(1) }), 't: 5\n').found.join(),
      /spec\.t must be a duration of at least 1ms such as 500ms, 60s or 1h30m, not 5/,
    );
    assert.match(
      decode(object<{ t: number }>({ t: goDuration(1) }), 't: 0s\n').found.join(),
      /spec\.t must be a duration of at least 1ms such as 500ms, 60s or 1h30m, not the text "0s"/,
    );
  });
});
