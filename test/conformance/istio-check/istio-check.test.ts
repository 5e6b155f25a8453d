import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { translate } from '../../../src/control/translate.ts';
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import { parseResources } from '../../../src/resources/resources.ts';

/** One document as istiod 1.30.3 and the schemas of its resources judged it. */
interface Case {
  readonly refusedBy: readonly ('schema' | 'webhook')[];
  readonly isWarned: boolean;
  readonly input: string;
}

const CASES = JSON.parse(readFileSync(join(import.meta.dirname, 'testdata/cases.json'), 'utf8')) as Readonly<
  Record<string, Case>
>;

/** Where the recordings lie beside the project; elsewhere the copy in testdata/ does. */
const SHARED = join(import.meta.dirname, '../../../../shared/vectors/istio-invalid');
const skip = existsSync(SHARED) ? false : 'no recordings beside the project';

function check(input: string): Diagnostic[] {
  const parsed = parseResources([{ source: 'input.yaml', text: input }]);
  return [...parsed.diagnostics, ...translate(parsed.resources).diagnostics];
}

describe('limpet check against istiod 1.30.3', () => {
  for (const [name, { refusedBy, isWarned, input }] of Object.entries(CASES)) {
    const verdict = refusedBy.length > 0 ? `refuses as ${refusedBy.join(' and ')} did` : 'takes';
    it(`${name}: ${verdict}${isWarned ? ', with a warning' : ''}`, () => {
      const found = check(input);
      const errors = found.filter(({ severity }) => severity === 'error');
      assert.equal(errors.length > 0, refusedBy.length > 0, JSON.stringify(found, null, 1));
      if (isWarned) assert.ok(found.some(({ severity }) => severity === 'warning'));
      for (const { message, help } of errors) assert.notEqual(help, '', message);
    });
  }

  it('points into the spec wherever there is one', () => {
    for (const { input } of Object.values(CASES)) {
      const spec = input.split('\n').indexOf('spec:') + 1;
      for (const { severity, location } of check(input))
        if (severity === 'error' && spec > 0) assert.ok(location.line > spec, input);
    }
  });

  it('has every case that was recorded, with its verdict', { skip }, () => {
    const folders = readdirSync(SHARED, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    assert.deepEqual(folders.map(({ name }) => name).sort(), Object.keys(CASES));
    for (const { name } of folders) {
      const { documents } = JSON.parse(readFileSync(join(SHARED, name, 'expected.json'), 'utf8'));
      const refusedBy = [
        ...(documents[0].crdSchema === null ? [] : ['schema']),
        ...(documents[0].webhook.allowed ? [] : ['webhook']),
      ];
      assert.deepEqual(CASES[name]?.refusedBy, refusedBy);
      assert.equal(CASES[name]?.input, readFileSync(join(SHARED, name, 'input.yaml'), 'utf8'));
    }
  });
});
