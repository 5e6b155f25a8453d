import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { renderDiagnostic } from '../diagnostics/render.ts';
import type { Log } from '../telemetry/log.ts';
import type { Outcome } from './control.ts';

/** Diagnostics of one pass that are logged one by one; of more, the rest is counted. */
const MAX_LOGGED = 100;

/**
 * Tells the process's log what each pass came to. A diagnostic is logged when it is new: one that stays from pass to
 * pass would drown the others. Notes are for `check` only.
 */
export function createOutcomeLog(log: Log): (outcome: Outcome) => void {
  let known: ReadonlySet<string> = new Set();
  return (outcome) => {
    const worthy = outcome.diagnostics.filter(({ severity }) => severity !== 'note');
    const fresh = worthy.filter((diagnostic) => !known.has(keyOf(diagnostic)));
    known = new Set(worthy.map(keyOf));
    const texts = new Map(outcome.content.texts.map(({ source, text }) => [source, text]));
    for (const diagnostic of fresh.slice(0, MAX_LOGGED)) logDiagnostic(log, diagnostic, texts);
    const rest = fresh.length - MAX_LOGGED;
    if (rest > 0) log.warn({ more: rest }, `${rest} more diagnostics; limpet check shows them all`);
    logKind(log, outcome);
  };
}

function logDiagnostic(log: Log, diagnostic: Diagnostic, texts: ReadonlyMap<string, string>): void {
  const { source, line, column } = diagnostic.location;
  const fields = { code: diagnostic.code, at: `${source}:${line}:${column}` };
  const text = renderDiagnostic(diagnostic, texts.get(source));
  if (diagnostic.severity === 'error') log.error(fields, text);
  else log.warn(fields, text);
}

function logKind(log: Log, { kind, snapshot }: Outcome): void {
  const revision = snapshot?.revision ?? 0;
  if (kind === 'rejected') {
    log.error({ revision }, `the new configuration is rejected; revision ${revision} goes on serving`);
  } else if (kind === 'published') {
    log.info({ revision, digest: snapshot?.digest }, `revision ${revision} serves`);
  }
}

function keyOf({ code, message, location }: Diagnostic): string {
  return `${code} ${location.source}:${location.line}:${location.column} ${message}`;
}
