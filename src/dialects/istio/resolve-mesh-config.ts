import type { Location } from '../../diagnostics/diagnostic.ts';
import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import { decodeWhole } from '../../resources/decode.ts';
import { parseDocuments } from '../../resources/documents.ts';
import { compareText, type Resource } from '../../resources/resource.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import { anything, textMap } from '../../resources/schema.ts';
import { type Findings, Written } from '../../resources/written.ts';
import type { IstioOptions } from './options.ts';
import { checkRetries } from './rules-http-action.ts';
import { checkLocality } from './rules-locality.ts';
import { MESH_CONFIG_FIELDS, type MeshConfig, UNREAD_MESH_FIELDS } from './schema-mesh-config.ts';

const NAME = 'istio';
/** `data.mesh` of the ConfigMap is MeshConfig as YAML text. */
const MESH_PATH = ['data', 'mesh'];

/** The options with what the mesh's ConfigMap in the root namespace says, where it is among the resources. */
export function withMeshConfig(resources: ResourceSet, options: IstioOptions, sink: DiagnosticSink): IstioOptions {
  const configMap = findConfigMap(resources, options, sink);
  const mesh = configMap === undefined ? null : readMeshConfig(configMap, sink);
  if (mesh === null) return options;
  return { ...options, mesh, rootNamespace: mesh.rootNamespace || options.rootNamespace };
}

/**
 * `istio-REVISION`, or `istio` where no revision is given. An istiod with a revision has no ConfigMap `istio`; where
 * nobody says which one serves the gateway, the only one there is does.
 */
function findConfigMap(
  resources: ResourceSet,
  { rootNamespace, revision }: IstioOptions,
  sink: DiagnosticSink,
): Resource | undefined {
  const named = (name: string) => resources.get('', 'ConfigMap', rootNamespace, name);
  if (revision !== '' && revision !== 'default') return named(`${NAME}-${revision}`);
  const plain = named(NAME);
  if (plain !== undefined || revision !== '') return plain;
  const revised = resources
    .ofKind('', 'ConfigMap')
    .filter(({ metadata: { name, namespace } }) => namespace === rootNamespace && name.startsWith(`${NAME}-`))
    .filter(({ value }) => new Written(value).at('data').at('mesh').isSet)
    .toSorted((a, b) => compareText(a.metadata.name, b.metadata.name));
  if (revised.length > 1) {
    const names = revised.map(({ metadata }) => metadata.name.slice(NAME.length + 1)).join(', ');
    for (const { position } of revised) {
      const message = `no revision is given, and there are several (${names}), so this MeshConfig is not read`;
      const help = 'Give `--istio revision=NAME`.';
      sink.report('warning', 'unresolved-reference', position(['metadata', 'name']), message, help);
    }
    return undefined;
  }
  return revised[0];
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
  const { documents, diagnostics } = parseDocuments(configMap.source, text);
  for (const { severity, code, message, help, location } of diagnostics) {
    const name = configMap.metadata.name;
    sink.report(severity, code, placeOf(configMap, text, location), `data.mesh of ConfigMap ${name}: ${message}`, help);
  }
  const [document] = documents;
  if (document === undefined) return null;
  const { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const message = `data.mesh of ConfigMap ${configMap.metadata.name} must be a mapping, so it is not read`;
    sink.report('error', 'invalid-field', configMap.position(MESH_PATH, 'key'), message, 'Write MeshConfig as YAML.');
    return null;
  }
  const position: Resource['position'] = (path, part) => placeOf(configMap, text, document.position(path, part));
  const mesh = { ...configMap, kind: 'MeshConfig', value: value as Readonly<Record<string, unknown>>, position };
  return decodeWhole(mesh, MESH_CONFIG_FIELDS, UNREAD_MESH_FIELDS, sink, { rules: meshRules });
}

/** The parts that resources have too; where outlier detection stands is theirs to say. */
function meshRules(mesh: Written, findings: Findings): void {
  checkRetries(mesh.at('defaultHttpRetryPolicy'), findings);
  checkLocality(mesh.at('localityLbSetting'), true, findings);
}

/** How far tools indent a block of text below its key. */
const INDENT = 2;
/** What stands behind the key of a block of text: `|`, perhaps with what becomes of the last line. */
const BLOCK_HEADER_LENGTH = 2;

/**
 * Where something in the text stands in the file. Each line of a block (`mesh: |`) is one of the file's; of text in
 * quotes the lines are not to be told, so that it is the key.
 */
function placeOf(configMap: Resource, text: string, inner: Location): Location {
  const key = configMap.position(MESH_PATH, 'key');
  const value = configMap.position(MESH_PATH);
  const isBlock = value.endColumn - value.column <= BLOCK_HEADER_LENGTH && text.length > BLOCK_HEADER_LENGTH;
  if (!isBlock) return key;
  const shift = key.column - 1 + INDENT;
  return {
    source: inner.source,
    line: value.line + inner.line,
    column: inner.column + shift,
    endColumn: inner.endColumn + shift,
  };
}
