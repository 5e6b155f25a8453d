import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { isMap, isScalar, isSeq, parseDocument, stringify, visit } from 'yaml';
import { type TranslateOptions, translate } from '../../src/control/translate.ts';
import { renderDiagnostic } from '../../src/diagnostics/render.ts';
import { compareDiagnostics } from '../../src/diagnostics/sink.ts';
import { formatOrigin, type Origin } from '../../src/model/origin.ts';
import { parseResources } from '../../src/resources/resources.ts';

/** `UPDATE_GOLDEN=1` writes what comes out instead of comparing it, and deletes outputs whose input is gone. */
const isUpdating = process.env['UPDATE_GOLDEN'] === '1';
const OUTPUTS = ['.model.yaml', '.diag.txt'] as const;

/**
 * Runs every `NAME.in.yaml` of a folder and compares the model with `NAME.model.yaml` and the rendered diagnostics with
 * `NAME.diag.txt`. Options for one case stand in its first lines, as `# options: {"istio": {...}}`.
 */
export function runGoldenCases(folder: string): void {
  const names = readdirSync(folder)
    .filter((file) => file.endsWith('.in.yaml'))
    .map((file) => file.slice(0, -'.in.yaml'.length));
  describe('translate', () => {
    for (const name of names) {
      it(`makes of ${name}.in.yaml what its golden files say`, () => runCase(folder, name));
    }
    it('has an input for every golden file', () => {
      for (const file of readdirSync(folder)) {
        const output = OUTPUTS.find((suffix) => file.endsWith(suffix));
        if (output === undefined || names.includes(file.slice(0, -output.length))) continue;
        if (isUpdating) rmSync(join(folder, file));
        else assert.fail(`${file} has no input`);
      }
    });
  });
}

function runCase(folder: string, name: string): void {
  const source = `${name}.in.yaml`;
  const text = readFileSync(join(folder, source), 'utf8');
  const options = JSON.parse(/^# options: (.+)$/m.exec(text)?.[1] ?? '{}') as TranslateOptions;
  const parsed = parseResources([{ source, text }]);
  const { model, diagnostics } = translate(parsed.resources, options);
  const all = [...parsed.diagnostics, ...diagnostics].sort(compareDiagnostics);
  compare(join(folder, `${name}.model.yaml`), printModel(model));
  compare(join(folder, `${name}.diag.txt`), all.map((one) => `${renderDiagnostic(one, text)}\n`).join('\n'));
}

function compare(path: string, actual: string): void {
  if (isUpdating) writeFileSync(path, actual);
  else assert.equal(actual, existsSync(path) ? readFileSync(path, 'utf8') : '', `${path} (npm run golden rewrites it)`);
}

/** One line for what has no depth, so that a review sees much at once; origins in their printed form. */
function printModel(model: unknown): string {
  const plain: unknown = JSON.parse(
    JSON.stringify(model, (_key, value: unknown) =>
      isOrigin(value) ? `${formatOrigin(value)} ${value.field}`.trim() : value,
    ),
  );
  const document = parseDocument(stringify(plain));
  visit(document, {
    Collection: (_key, node) => {
      const values = isMap(node) ? node.items.map((pair) => pair.value) : isSeq(node) ? node.items : [];
      if (values.every((value) => isScalar(value) || (isSeq(value) && value.items.every(isScalar)))) node.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function isOrigin(value: unknown): value is Origin {
  return typeof value === 'object' && value !== null && 'source' in value && 'line' in value && 'field' in value;
}
