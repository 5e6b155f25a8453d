import type { Location } from '../../diagnostics/diagnostic.ts';
import { DiagnosticSink } from '../../diagnostics/sink.ts';
import { decodeSpec } from '../../resources/decode.ts';
import type { FieldPath, Resource } from '../../resources/resource.ts';
import type { Schema } from '../../resources/schema.ts';
import type { Rules } from '../../resources/written.ts';
import { reportOnce } from './report-once.ts';
import { guardRules } from './rules-guards.ts';

/**
 * A resource as Istio would take it: its schema refuses wrong types and unknown fields, as the API server does with a
 * strict client; its rules refuse what istiod's webhook refuses.
 */
export function decodeIstio<T>(resource: Resource, schema: Schema<T>, rules: Rules, sink: DiagnosticSink): T | null {
  const guard = guardRules[resource.kind]?.(schema);
  const found = new DiagnosticSink();
  const paths = new Map<Location, FieldPath>();
  const ruled = new Set<string>();
  const position: Resource['position'] = (path, part) => {
    const at = { ...resource.position(path, part) };
    paths.set(at, path);
    return at;
  };
  const value = decodeSpec({ ...resource, position }, schema, found, {
    rules: (written, findings) => {
      rules(written, findings);
      guard?.(written, findings);
      for (const { message } of findings.all) ruled.add(message);
    },
    unknownField: 'error',
  });
  const placed = found.sorted().map((diagnostic) => ({
    diagnostic,
    path: paths.get(diagnostic.location) ?? [],
    isRule: ruled.has(diagnostic.message),
  }));
  reportOnce(placed, sink);
  return value;
}
