import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Outcome } from './control.ts';
import { createOutcomeLog } from './outcome-log.ts';

function diagnostic(line: number, severity: Diagnostic['severity']): Diagnostic {
  const location = { source: 'a.yaml', line, column: 1, endColumn: 2 };
  return { code: 'invalid-field', severity, message: `mistake ${line}`, help: '', location };
}

function outcome(kind: Outcome['kind'], diagnostics: readonly Diagnostic[]): Outcome {
  return { kind, snapshot: null, diagnostics, content: { texts: [], diagnostics: [] } };
}

function record(): { readonly lines: string[]; readonly log: (outcome: Outcome) => void } {
  const lines: string[] = [];
  const add =
    (level: string) =>
    (_fields: Readonly<Record<string, unknown>>, message: string): void => {
      lines.push(`${level} ${message.split('\n')[0]}`);
    };
  return { lines, log: createOutcomeLog({ info: add('info'), warn: add('warn'), error: add('error') }) };
}

describe('createOutcomeLog', () => {
  it('logs a diagnostic once as long as it stays, again when it comes back, and notes never', () => {
    const { lines, log } = record();
    const mistake = diagnostic(3, 'error');
    log(outcome('unchanged', [mistake, diagnostic(4, 'note')]));
    log(outcome('unchanged', [mistake]));
    log(outcome('unchanged', []));
    log(outcome('unchanged', [mistake, diagnostic(5, 'warning')]));
    assert.deepEqual(lines, [
      'error a.yaml:3:1: error[invalid-field]: mistake 3',
      'error a.yaml:3:1: error[invalid-field]: mistake 3',
      'warn a.yaml:5:1: warning[invalid-field]: mistake 5',
    ]);
  });

  it('counts what is too much to log', () => {
    const { lines, log } = record();
    log(
      outcome(
        'rejected',
        Array.from({ length: 1_000 }, (_, line) => diagnostic(line + 1, 'error')),
      ),
    );
    assert.equal(lines.length, 102);
    assert.match(lines[100] ?? '', /900 more/);
    assert.match(lines[101] ?? '', /rejected/);
  });
});
