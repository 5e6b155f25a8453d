import type { Diagnostic, DiagnosticCode, Location, Severity } from './diagnostic.ts';

/** Collects diagnostics; a remark that comes up twice at one place (one object looked up from two routes) is kept once. */
export class DiagnosticSink {
  readonly #byKey = new Map<string, Diagnostic>();

  add(diagnostic: Diagnostic): void {
    const { source, line, column } = diagnostic.location;
    const key = `${source}\n${line}:${column}\n${diagnostic.code}\n${diagnostic.message}`;
    if (!this.#byKey.has(key)) this.#byKey.set(key, diagnostic);
  }

  report(severity: Severity, code: DiagnosticCode, location: Location, message: string, help = ''): void {
    this.add({ code, severity, message, help, location });
  }

  /** By source, line and column, so that the order of finding them does not show. */
  sorted(): Diagnostic[] {
    return [...this.#byKey.values()].sort(compareDiagnostics);
  }
}

export function compareDiagnostics(a: Diagnostic, b: Diagnostic): number {
  return (
    compare(a.location.source, b.location.source) ||
    a.location.line - b.location.line ||
    a.location.column - b.location.column ||
    compare(a.code, b.code) ||
    compare(a.message, b.message)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
