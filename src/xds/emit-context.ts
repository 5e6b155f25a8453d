import type { DiagnosticSink } from '../diagnostics/sink.ts';
import type { Origin } from '../model/origin.ts';

/** How resources are written down. */
export interface EmitOptions {
  /** Routes and endpoints stand in what uses them, for an Envoy that has no control plane; otherwise it asks for them by name. */
  readonly inline: boolean;
  /** Folder with `NAMESPACE/NAME/tls.crt`, `tls.key` and `ca.crt` of each Secret, for `inline`; null: there are none. */
  readonly secretsFolder: string | null;
  /** Namespace whose Secrets are named without it, as Istio names those of the gateway. */
  readonly secretNamespace: string;
}

export interface EmitContext extends EmitOptions {
  readonly sink: DiagnosticSink;
}

/** Says what Envoy has no words for, at the line that asks for it. */
export function reportInexpressible({ sink }: EmitContext, origin: Origin, message: string, help = ''): void {
  const { source, line, column } = origin;
  sink.report('warning', 'inexpressible', { source, line, column, endColumn: column }, message, help);
}
