import type { Diagnostic } from './diagnostic.ts';
import { mayHoldSecret } from './secret-text.ts';

/** Columns of source that one line shows at most. */
const MAX_WIDTH = 100;
const TAB_WIDTH = 4;

/**
 * A diagnostic as people read it, without a newline at the end: `file:line:column: severity[code]: message`, then the
 * line with a caret under what is meant, then the help. The line is left out where `sourceText` is not at hand or may
 * hold a Secret's data. (The JSON form of a diagnostic is the value itself.)
 */
export function renderDiagnostic(diagnostic: Diagnostic, sourceText?: string): string {
  const { code, severity, message, help, location } = diagnostic;
  const { source, line, column, endColumn } = location;
  const lines = [`${toVisible(source)}:${line}:${column}: ${severity}[${code}]: ${toVisible(message)}`];
  const gutter = ' '.repeat(String(line).length + 1);
  if (sourceText !== undefined) {
    if (mayHoldSecret(sourceText, line)) {
      lines.push(`${gutter}| (the line is not shown, because a Secret may stand there)`);
    } else {
      const text = lineAt(sourceText, line);
      if (text !== '') {
        const { shown, caretAt, caretWidth } = excerpt(text, column, endColumn);
        lines.push(`${line} | ${shown}`, `${gutter}| ${' '.repeat(caretAt)}${'^'.repeat(caretWidth)}`);
      }
    }
  }
  if (help !== '') lines.push(`${gutter}= help: ${toVisible(help)}`);
  return lines.join('\n');
}

function lineAt(text: string, line: number): string {
  let start = 0;
  for (let count = 1; count < line; count++) {
    const newline = text.indexOf('\n', start);
    if (newline === -1) return '';
    start = newline + 1;
  }
  const end = text.indexOf('\n', start);
  return text.slice(start, end === -1 ? undefined : end).trimEnd();
}

interface Excerpt {
  readonly shown: string;
  /** Columns before the first caret. */
  readonly caretAt: number;
  readonly caretWidth: number;
}

/** The line with tabs and control characters spelled out, cut to a window around the caret where it is long. */
function excerpt(text: string, column: number, endColumn: number): Excerpt {
  // What is far from the caret is never shown, so a file of one huge line costs no more than others.
  const from = Math.max(0, column - 1 - MAX_WIDTH);
  const near = text.slice(from, column - 1 + MAX_WIDTH);
  const before = spellOut(near.slice(0, column - 1 - from), 0);
  const marked = spellOut(near.slice(column - 1 - from, Math.max(column, endColumn) - 1 - from), before.length);
  const after = spellOut(near.slice(Math.max(column, endColumn) - 1 - from), before.length + marked.length);
  const all = before + marked + after;
  const start = before.length > MAX_WIDTH / 2 ? before.length - Math.floor(MAX_WIDTH / 4) : 0;
  const isCutBefore = start > 0 || from > 0;
  const isCutAfter = all.length > start + MAX_WIDTH || from + near.length < text.length;
  const shown = `${isCutBefore ? '…' : ''}${all.slice(start, start + MAX_WIDTH)}${isCutAfter ? '…' : ''}`;
  const caretAt = before.length - start + (isCutBefore ? 1 : 0);
  return { shown, caretAt, caretWidth: Math.max(1, Math.min(marked.length, start + MAX_WIDTH - before.length)) };
}

function spellOut(text: string, column: number): string {
  let result = '';
  for (const character of text) {
    if (character === '\t') result += ' '.repeat(TAB_WIDTH - ((column + result.length) % TAB_WIDTH));
    else result += toVisible(character);
  }
  return result;
}

/** Control and direction-changing characters as escapes: a file must not write to the terminal that shows it. */
function toVisible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
