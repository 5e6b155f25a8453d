import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { decodeSpec } from '../../resources/decode.ts';
import type { Resource } from '../../resources/resource.ts';
import type { Schema } from '../../resources/schema.ts';
import type { Rules } from '../../resources/written.ts';

/**
 * A resource as Istio would take it: its schema refuses wrong types and unknown fields, as the API server does with a
 * strict client; its rules refuse what istiod's webhook refuses.
 */
export function decodeIstio<T>(resource: Resource, schema: Schema<T>, rules: Rules, sink: DiagnosticSink): T | null {
  return decodeSpec(resource, schema, sink, { rules, unknownField: 'error' });
}
