import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Diagnostic } from './diagnostic.ts';
import { renderDiagnostic } from './render.ts';

function diagnosticAt(line: number, column: number, endColumn: number, message = 'wrong', help = ''): Diagnostic {
  const location = { source: 'a.yaml', line, column, endColumn };
  return { code: 'invalid-field', severity: 'error', message, help, location };
}

describe('renderDiagnostic', () => {
  it('shows the place, the line with carets and the help', () => {
    assert.equal(
      renderDiagnostic(diagnosticAt(2, 7, 12, 'port must be a number', 'Write 80.'), 'spec:\n  p: "80" # x\n'),
      [
        'a.yaml:2:7: error[invalid-field]: port must be a number',
        '2 |   p: "80" # x',
        '  |       ^^^^^',
        '  = help: Write 80.',
      ].join('\n'),
    );
  });

  it('keeps the caret under its character behind tabs', () => {
    const [, line = '', caret = ''] = renderDiagnostic(diagnosticAt(1, 4, 5), '\ta\tb').split('\n');
    assert.equal(line.indexOf('b'), caret.indexOf('^'));
    assert.doesNotMatch(line, /\t/);
  });

  it('cuts a long line to a window around the caret', () => {
    const text = `${'x'.repeat(100_000)}HERE${'y'.repeat(100_000)}`;
    const [, line = '', caret = ''] = renderDiagnostic(diagnosticAt(1, 100_001, 100_005), text).split('\n');
    assert.ok(line.length < 120);
    assert.equal(line.indexOf('HERE'), caret.indexOf('^'));
    assert.equal(caret.trimEnd().length - caret.indexOf('^'), 4);
    assert.match(line, /^1 \| …x+HEREy+…$/);
  });

  it('marks one column where the stretch is empty or goes past the line', () => {
    assert.match(renderDiagnostic(diagnosticAt(1, 3, 3), 'ab'), /\n {2}\| {3}\^$/);
    assert.match(renderDiagnostic(diagnosticAt(1, 2, 90), 'ab'), /\n {2}\| {2}\^$/);
  });

  it('makes control characters visible wherever they stand', () => {
    const text = renderDiagnostic(diagnosticAt(1, 1, 2, 'bad \x1b[31m', 'try \x07'), 'a\x1b[2Jb\u202Ec');
    assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
    assert.match(text, /a\\u\{1b\}\[2Jb\\u\{202e\}c/);
  });

  it('leaves the line out where it is not there', () => {
    assert.equal(renderDiagnostic(diagnosticAt(9, 1, 2), 'a: b\n'), 'a.yaml:9:1: error[invalid-field]: wrong');
    assert.equal(renderDiagnostic(diagnosticAt(9, 1, 2)), 'a.yaml:9:1: error[invalid-field]: wrong');
  });

  it('never shows a line of a Secret, even a broken one', () => {
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata:\n  key: c2VjcmV0: x\n';
    const text = `kind: Service\n---\n${secret}---\nkind: Gateway\n`;
    assert.doesNotMatch(renderDiagnostic(diagnosticAt(7, 3, 18), text), /c2VjcmV0/);
    assert.match(renderDiagnostic(diagnosticAt(1, 1, 5), text), /kind: Service/);
    assert.match(renderDiagnostic(diagnosticAt(9, 1, 5), text), /kind: Gateway/);
    const json = '{"kind": "List", "items": [{"kind": "Secret", "stringData": {"k": "hunter2"}}]}';
    assert.doesNotMatch(renderDiagnostic(diagnosticAt(1, 60, 70), json), /hunter2/);
  });

  it('still shows lines of a Gateway that refers to a Secret', () => {
    const gateway = 'kind: Gateway\nspec:\n  certificateRefs: [{kind: Secret, name: tls}]\n';
    assert.match(renderDiagnostic(diagnosticAt(3, 3, 5), gateway), /certificateRefs/);
  });
});
