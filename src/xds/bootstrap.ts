import type { DiagnosticSink } from '../diagnostics/sink.ts';
import type { Listener } from '../model/listener.ts';
import type { Model } from '../model/model.ts';
import type { EmitContext } from './emit-context.ts';
import type { Message } from './proto-json.ts';
import { emitClusters, emitListeners } from './xds.ts';

export interface BootstrapOptions {
  /** Port in the YAML -> port that is bound; 0 binds a free one. Others are bound as they are. */
  readonly ports: ReadonlyMap<number, number>;
  /** Address for every listener; null: the listeners' own. */
  readonly bind: string | null;
  /** Loopback port of Envoy's admin API; 0 binds a free one. */
  readonly adminPort: number;
  readonly secretsFolder: string | null;
}

const LOOPBACK = '127.0.0.1';

/** Envoy refuses a regular expression of more than 100 instructions unless told otherwise; Istio's proxies are told this. */
const MAX_REGEX_INSTRUCTIONS = 32_768;

/** What `envoy -c` needs to serve this model by itself: everything stands in the file. */
export function toBootstrap(model: Model, options: BootstrapOptions, sink: DiagnosticSink): Message {
  const context: EmitContext = { inline: true, secretsFolder: options.secretsFolder, secretNamespace: '', sink };
  const listeners = model.listeners.map((listener) => bindAs(listener, options));
  return {
    node: { id: 'limpet', cluster: 'limpet' },
    admin: { address: { socketAddress: { address: LOOPBACK, portValue: options.adminPort } } },
    staticResources: {
      listeners: emitListeners(context, listeners),
      clusters: emitClusters(context, model.clusters),
    },
    layeredRuntime: {
      layers: [{ name: 'limpet', staticLayer: { 're2.max_program_size.error_level': MAX_REGEX_INSTRUCTIONS } }],
    },
  };
}

function bindAs(listener: Listener, { ports, bind }: BootstrapOptions): Listener {
  return { ...listener, address: bind ?? listener.address, port: ports.get(listener.port) ?? listener.port };
}
