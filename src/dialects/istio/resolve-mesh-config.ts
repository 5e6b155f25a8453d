import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { decodeWhole } from '../../resources/decode.ts';
import { parseDocuments } from '../../resources/documents.ts';
import type { Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { anything, textMap } from '../../resources/schema.ts';
import type { Findings, Written } from '../../resources/written.ts';
import type { IstioOptions } from './options.ts';
import { checkRetries } from './rules-http-action.ts';
import { checkLocality } from './rules-locality.ts';
import { MESH_CONFIG_FIELDS, type MeshConfig, UNREAD_MESH_FIELDS } from './schema-mesh-config.ts';

const NAME = 'istio';
/** `data.mesh` of the ConfigMap is MeshConfig as YAML text. */
const MESH_PATH = ['data', 'mesh'];

/** The options with what the ConfigMap `istio` of the root namespace says, where it is among the resources. */
export function withMeshConfig(resources: ResourceSet, options: IstioOptions, sink: DiagnosticSink): IstioOptions {
  const configMap = resources.get('', 'ConfigMap', options.rootNamespace, NAME);
  const mesh = configMap === undefined ? null : readMeshConfig(configMap, sink);
  if (mesh === null) return options;
  return { ...options, mesh, rootNamespace: mesh.rootNamespace || options.rootNamespace };
}

function readMeshConfig(configMap: Resource, sink: DiagnosticSink): MeshConfig | null {
  const { data } = decodeWhole<{ data: Readonly<Record<string, string>> }>(
    configMap,
    { data: textMap },
    { binaryData: anything, immutable: anything },
    sink,
  ) ?? { data: {} };
  const text = data['mesh'];
  if (text === undefined) return null;
  const at = configMap.position(MESH_PATH, 'key');
  const { documents, diagnostics } = parseDocuments(configMap.source, text);
  for (const { severity, code, message, help } of diagnostics) {
    sink.report(severity, code, at, `data.mesh of ConfigMap ${NAME}: ${message}`, help);
  }
  const value = documents[0]?.value;
  if (typeof value !== 'object' || value === null) return null;
  return decodeWhole(inside(configMap, value), MESH_CONFIG_FIELDS, UNREAD_MESH_FIELDS, sink, { rules: meshRules });
}

/** The parts that resources have too; where outlier detection stands is theirs to say. */
function meshRules(mesh: Written, findings: Findings): void {
  checkRetries(mesh.at('defaultHttpRetryPolicy'), findings);
  checkLocality(mesh.at('localityLbSetting'), true, findings);
}

/** The text of a field as a resource of its own; whatever is in it stands at the field. */
function inside(configMap: Resource, value: object): Resource {
  return {
    ...configMap,
    kind: 'MeshConfig',
    value: value as Readonly<Record<string, unknown>>,
    position: () => configMap.position(MESH_PATH, 'key'),
  };
}
