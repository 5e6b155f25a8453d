import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  findDefaultExports,
  findImpurities,
  findLayerViolations,
  findLongFiles,
  findModuleViolations,
  findXdsViolations,
  MAX_FILE_LINES,
} from './rules.ts';
import { readSources, type SourceFile } from './source-tree.ts';

const product = readSources('src');
const everything = [...product, ...readSources('test'), ...readSources('bench'), ...readSources('scripts')];

describe('the source tree', () => {
  it('is read at all', () => assert.ok(product.length > 50));
  it('imports down the layers, and siblings never meet', () => report(findLayerViolations(product)));
  it('keeps xds and affinity apart', () => report(findXdsViolations(product)));
  it('does I/O from sources up, and uses packages through their owners', () => report(findModuleViolations(product)));
  it('has no clock and no chance in affinity and routing', () => report(findImpurities(product)));
  it('has no default export', () => report(findDefaultExports(everything)));
  it(`has no file above ${MAX_FILE_LINES} lines without a reason`, () => report(findLongFiles(everything)));
});

describe('findLayerViolations', () => {
  const problemOf = (path: string, specifier: string): string | undefined =>
    findLayerViolations([file(path, `import { x } from '${specifier}';`)])[0];

  it('lets imports point down', () => {
    assert.equal(problemOf('src/affinity/a.ts', '../model/route.ts'), undefined);
    assert.equal(problemOf('src/dialects/istio/a.ts', '../../resources/r.ts'), undefined);
    assert.equal(problemOf('src/dialects/istio/a/b.ts', '../c.ts'), undefined);
    assert.equal(problemOf('src/dialects/istio/a.ts', '../../routing/regex.ts'), undefined);
    assert.equal(problemOf('src/cli/run.ts', '../app.ts'), undefined);
    assert.equal(problemOf('src/lab/lab.ts', '../app.ts'), undefined);
    assert.equal(problemOf('src/affinity/a.test.ts', '../gateway/g.ts'), undefined);
  });

  it('refuses imports up and sideways, of folders without a layer, and of what is outside src', () => {
    assert.match(problemOf('src/model/a.ts', '../affinity/b.ts') ?? '', /^src\/model\/a\.ts:1: .* only point down/);
    assert.match(
      problemOf('src/affinity/a.ts', '../http1/b.ts') ?? '',
      /affinity imports http1 .* siblings never meet/,
    );
    assert.match(problemOf('src/dialects/istio/a.ts', '../gloo/b.ts') ?? '', /dialects\/istio imports dialects\/gloo/);
    assert.match(problemOf('src/resources/a.ts', '../dialects/gloo/b.ts') ?? '', /only point down/);
    assert.match(problemOf('src/gateway/a.ts', '../admin/b.ts') ?? '', /siblings never meet/);
    assert.match(problemOf('src/newcomer/a.ts', '../model/b.ts') ?? '', /has no layer/);
    assert.match(problemOf('src/model/a.ts', '../newcomer/b.ts') ?? '', /has no layer/);
    assert.match(problemOf('src/model/a.ts', '../../test/support/b.ts') ?? '', /not part of the product/);
  });

  it('sees every form of import', () => {
    const text = `import type {
  A,
  B,
} from '../gateway/a.ts';
export * from '../gateway/b.ts';
import '../gateway/c.ts';
const d = await import('../gateway/d.ts');
`;
    assert.deepEqual(
      findLayerViolations([file('src/model/x.ts', text)]).map((problem) => problem.split(' ')[0]),
      ['src/model/x.ts:4:', 'src/model/x.ts:5:', 'src/model/x.ts:6:', 'src/model/x.ts:7:'],
    );
  });
});

describe('findXdsViolations', () => {
  it('refuses affinity in xds', () => {
    assert.equal(findXdsViolations([file('src/xds/a.ts', `import { x } from '../affinity/b.ts';`)]).length, 1);
    assert.equal(findXdsViolations([file('src/gateway/a.ts', `import { x } from '../affinity/b.ts';`)]).length, 0);
  });
});

describe('findModuleViolations', () => {
  const problemOf = (path: string, specifier: string): string | undefined =>
    findModuleViolations([file(path, `import { x } from '${specifier}';`)])[0];

  it('refuses I/O in pure folders, strangers, and packages outside their folders', () => {
    assert.equal(problemOf('src/sources/file/a.ts', 'node:fs'), undefined);
    assert.equal(problemOf('src/model/a.ts', 'node:crypto'), undefined);
    assert.equal(problemOf('src/resources/a.ts', 'yaml'), undefined);
    assert.equal(problemOf('src/dialects/istio/a.ts', 'valibot'), undefined);
    assert.match(problemOf('src/dialects/istio/a.ts', 'node:fs/promises') ?? '', /is pure/);
    assert.match(problemOf('src/gateway/a.ts', 'yaml') ?? '', /only resources import yaml/);
    assert.match(problemOf('src/gateway/a.ts', 'left-pad') ?? '', /no dependency with an owner/);
  });
});

describe('findImpurities', () => {
  it('refuses clocks and chance, but not words about them', () => {
    const text = '// Date.now() is not for us\nconst a = Math.random();\nconst b = 1; // not Math.random()\n';
    assert.deepEqual(findImpurities([file('src/affinity/a.ts', text)]).length, 1);
    assert.deepEqual(findImpurities([file('src/gateway/a.ts', text)]).length, 0);
  });
});

describe('findDefaultExports', () => {
  it('finds both forms', () => {
    const text = 'export default 1;\nexport { a as default };\nexport const b = "export default";\n';
    assert.equal(findDefaultExports([file('src/a.ts', text)]).length, 2);
  });
});

describe('findLongFiles', () => {
  it('asks for a reason above the limit', () => {
    const body = '\n'.repeat(MAX_FILE_LINES);
    assert.equal(findLongFiles([file('src/a.ts', body)]).length, 1);
    assert.equal(findLongFiles([file('src/a.ts', `// Long because it is one state machine.${body}`)]).length, 0);
  });
});

function file(path: string, text: string): SourceFile {
  return { path, text };
}

function report(problems: readonly string[]): void {
  assert.equal(problems.length, 0, `\n${problems.join('\n')}`);
}
