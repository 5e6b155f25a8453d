import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import { DiagnosticSink } from '../../diagnostics/sink.ts';
import { decodeSpec } from '../../resources/decode.ts';
import type { Resource } from '../../resources/resource.ts';
import type { Schema } from '../../resources/schema.ts';
import type { Rules } from '../../resources/written.ts';
import { guardRules, UNKNOWN } from './rules-guards.ts';

/**
 * A resource as Istio would take it: its schema refuses wrong types and unknown fields, as the API server does with a
 * strict client; its rules refuse what istiod's webhook refuses.
 */
export function decodeIstio<T>(resource: Resource, schema: Schema<T>, rules: Rules, sink: DiagnosticSink): T | null {
  const guard = guardRules[resource.kind]?.(schema);
  const found = new DiagnosticSink();
  const value = decodeSpec(resource, schema, found, {
    rules: (written, findings) => {
      rules(written, findings);
      guard?.(written, findings);
    },
    unknownField: 'error',
  });
  reportOnce(found, sink);
  return value;
}

const NO_EFFECT = /^It has no effect\. ?/;

/** What an unknown field costs is told with the field. */
function reportOnce(found: DiagnosticSink, sink: DiagnosticSink): void {
  const all = found.sorted();
  const keyOf = ({ location: { line, column } }: Diagnostic): string => `${line}:${column}`;
  const unknown = new Set(all.filter(({ code }) => code === 'unknown-field').map(keyOf));
  const costs = new Map<string, string>();
  for (const one of all) if (isCost(one) && unknown.has(keyOf(one))) costs.set(keyOf(one), one.help);
  for (const one of all) {
    const cost = costs.get(keyOf(one));
    if (cost === undefined) sink.add(one);
    else if (one.code === 'unknown-field') {
      sink.add({ ...one, help: `${one.help.replace(NO_EFFECT, '')} ${cost}`.trimStart() });
    } else if (!isCost(one)) sink.add(one);
  }
}

function isCost({ code, message }: Diagnostic): boolean {
  return code === 'invalid-field' && message.endsWith(UNKNOWN);
}
