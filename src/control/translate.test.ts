import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareDiagnostics } from '../diagnostics/sink.ts';
import { digest } from '../model/digest.ts';
import { parseResources, type SourceText } from '../resources/resources.ts';
import { translate } from './translate.ts';

const DIALECTS = join(import.meta.dirname, '..', 'dialects');

/** Every golden input, as texts of one document each. */
const inputs: readonly (readonly SourceText[])[] = readdirSync(DIALECTS, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.in.yaml'))
  .map((file) =>
    readFileSync(join(DIALECTS, file), 'utf8')
      .split(/^---$/m)
      .map((text, index) => ({ source: `${file}#${index}`, text })),
  );

function translateTexts(texts: readonly SourceText[]): { digest: string; diagnostics: string } {
  const parsed = parseResources(texts);
  const { model, diagnostics } = translate(parsed.resources);
  const all = [...parsed.diagnostics, ...diagnostics].sort(compareDiagnostics);
  return { digest: digest(model), diagnostics: JSON.stringify(all) };
}

describe('translate', () => {
  it('has inputs to be tested with', () => assert.ok(inputs.length >= 5));

  it('comes to the same in whatever order the documents are', () => {
    const shuffled = fc
      .constantFrom(...inputs)
      .chain((texts) => fc.tuple(fc.constant(texts), fc.shuffledSubarray([...texts], { minLength: texts.length })));
    fc.assert(
      fc.property(shuffled, ([texts, other]) => {
        assert.deepEqual(translateTexts(other), translateTexts(texts));
      }),
      { numRuns: 60 },
    );
  });

  it('comes to the same when it is asked again', () => {
    for (const texts of inputs) {
      const { resources } = parseResources(texts);
      assert.deepEqual(translate(resources), translate(resources));
    }
  });

  it('never throws, whatever is done to a text', () => {
    const junk = fc.constantFrom(
      '',
      ' ',
      ':',
      '-',
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      '&a ',
      '*a',
      '|',
      '\n',
      '\t',
      'null',
      '0',
      '-1',
      '1e99',
      '[]',
      '{}',
      '__proto__',
      '%',
      '\u0000',
      'é',
      '99999999999999999999',
    );
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(40), junk), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...inputs), edits, (texts, changes) => {
        let text = texts.map((one) => one.text).join('---');
        for (const [at, length, replacement] of changes) {
          const start = at % text.length;
          text = text.slice(0, start) + replacement + text.slice(start + length);
        }
        for (const { location } of parseAndTranslate(text)) {
          assert.ok(location.line >= 1 && location.column >= 1 && location.endColumn >= location.column);
        }
      }),
      { numRuns: 250 },
    );
  });

  it('never throws, whatever stands in a field', () => {
    const value = fc.constantFrom<unknown>(
      null,
      true,
      0,
      -1,
      1.5,
      1e300,
      '',
      'x',
      '*',
      '*.x',
      'a/b',
      '.',
      [],
      {},
      [null],
      [{}],
      { a: {} },
      'constructor',
      '0s',
    );
    const paths = parseResources(inputs.flat()).resources.all.flatMap((resource) =>
      leafPaths(resource.value).map((path) => ({ resource, path })),
    );
    fc.assert(
      fc.property(fc.constantFrom(...paths), value, ({ resource, path }, replacement) => {
        const changed = withValueAt(resource.value, path, replacement);
        const others = inputs.flat().filter(({ source }) => source !== resource.source);
        const texts = [{ source: 'changed.json', text: JSON.stringify(changed) }, ...others.slice(0, 20)];
        const parsed = parseResources(texts);
        translate(parsed.resources);
      }),
      { numRuns: 120 },
    );
  });

  it('reports a kind it does not know as a note', () => {
    const [diagnostic, ...more] = parseAndTranslate('apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n');
    assert.deepEqual(more, []);
    assert.equal(diagnostic?.severity, 'note');
    assert.equal(diagnostic?.location.line, 2);
  });

  it('warns where a kind that keeps requests out is not enforced', () => {
    const [diagnostic] = parseAndTranslate(
      'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: d}\n',
    );
    assert.equal(diagnostic?.severity, 'warning');
    assert.match(diagnostic?.message ?? '', /not enforced/);
  });

  it('gives a port to the first dialect only', () => {
    const istio = `apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec: {servers: [{port: {number: 80, name: http, protocol: HTTP}, hosts: ["*"]}]}\n`;
    const gateway = `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: b}\nspec: {gatewayClassName: x, listeners: [{name: http, port: 80, protocol: HTTP}]}\n`;
    const found = parseAndTranslate(`${istio}---\n${gateway}`).map(({ code, location }) => `${code} ${location.line}`);
    assert.deepEqual(found, ['conflict 9']);
  });
});

function parseAndTranslate(text: string): ReturnType<typeof translate>['diagnostics'] {
  const parsed = parseResources([{ source: 'a.yaml', text }]);
  return [...parsed.diagnostics, ...translate(parsed.resources).diagnostics];
}

type Path = readonly (string | number)[];

function leafPaths(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [path];
  return [
    ...(path.length > 1 ? [path] : []),
    ...Object.entries(value).flatMap(([key, member]) => leafPaths(member, [...path, key])),
  ];
}

function withValueAt(value: unknown, [step, ...rest]: Path, replacement: unknown): unknown {
  if (step === undefined) return replacement;
  if (Array.isArray(value)) return value.with(Number(step), withValueAt(value[Number(step)], rest, replacement));
  const record = value as Record<string, unknown>;
  return { ...record, [step]: withValueAt(record[step], rest, replacement) };
}
