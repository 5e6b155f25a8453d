import type { ResourceSet } from '../resources/resource-set.ts';
import { parseResources } from '../resources/resources.ts';

/** An endpoint of a slice, in the fields that the lab knows and writes. */
export interface SliceEntry {
  readonly pod: string;
  readonly address: string;
  readonly port: number;
  readonly nodeName: string | null;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** The endpoints of a service, as a tutorial's manifest has them. */
export interface Slice {
  readonly name: string;
  readonly namespace: string;
  readonly service: string;
  readonly portName: string;
  readonly entries: readonly SliceEntry[];
}

/** Endpoint slices of a manifest's text. The lab reads its own examples: what does not fit them is a fault of ours and throws. */
export function readSlices(text: string): Slice[] {
  return resourcesOf(text)
    .ofKind('discovery.k8s.io', 'EndpointSlice')
    .map(({ metadata, value }) => {
      const { ports, endpoints } = value as unknown as RawSlice;
      const [port] = ports;
      const service = metadata.labels['kubernetes.io/service-name'];
      if (port === undefined || service === undefined)
        throw new Error(`EndpointSlice ${metadata.name} has no port or no service`);
      const entries = endpoints.map((endpoint) => ({
        pod: endpoint.targetRef.name,
        address: endpoint.addresses[0],
        port: port.port,
        nodeName: endpoint.nodeName ?? null,
        ...endpoint.conditions,
      }));
      return { name: metadata.name, namespace: metadata.namespace, service, portName: port.name, entries };
    });
}

interface RawSlice {
  readonly ports: readonly { readonly name: string; readonly port: number }[];
  readonly endpoints: readonly {
    readonly addresses: readonly [string];
    readonly nodeName?: string;
    readonly conditions: { readonly ready: boolean; readonly serving: boolean; readonly terminating: boolean };
    readonly targetRef: { readonly name: string };
  }[];
}

/**
 * The text with the slices of `slice.service` replaced by ones that hold its entries; the rest is kept to the letter.
 * A slice has one port for all of its endpoints, so there is one for each port that the entries have.
 */
export function replaceSlices(text: string, slice: Slice): string {
  const documents = splitDocuments(text);
  const isReplaced = documents.map((document) => holdsSliceOf(document, slice));
  const kept = documents.filter((_, index) => !isReplaced[index]);
  const byPort = Map.groupBy(slice.entries, (entry) => entry.port);
  const written = [...byPort.entries()].map(([port, entries], index) =>
    formatSlice({ ...slice, name: index === 0 ? slice.name : `${slice.name}-${port}`, entries }, port),
  );
  return [...kept, ...written].join('---\n');
}

function holdsSliceOf(document: string, slice: Slice): boolean {
  return resourcesOf(document)
    .ofKind('discovery.k8s.io', 'EndpointSlice')
    .some(
      ({ metadata }) =>
        metadata.namespace === slice.namespace && metadata.labels['kubernetes.io/service-name'] === slice.service,
    );
}

/** A line of three dashes ends a document wherever it stands, inside a block of text too (YAML 1.2 §9.1.2). */
function splitDocuments(text: string): string[] {
  return text
    .split(/^---[ \t]*\n/m)
    .filter((document) => document.trim() !== '')
    .map((document) => (document.endsWith('\n') ? document : `${document}\n`));
}

/** In the style of the tutorials; names and addresses are of letters, digits, dots and dashes and need no quotes. */
function formatSlice(slice: Slice, port: number): string {
  const { name, namespace, service, portName, entries } = slice;
  const lines = [
    'apiVersion: discovery.k8s.io/v1',
    'kind: EndpointSlice',
    'metadata:',
    `  name: ${name}`,
    `  namespace: ${namespace}`,
    `  labels: {kubernetes.io/service-name: ${service}}`,
    'addressType: IPv4',
    `ports: [{name: ${portName}, port: ${port}, protocol: TCP}]`,
    'endpoints:',
    ...entries.map((entry) => `- ${formatEntry(entry, namespace)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function formatEntry(entry: SliceEntry, namespace: string): string {
  const { pod, address, nodeName, ready, serving, terminating } = entry;
  const node = nodeName === null ? '' : `nodeName: ${nodeName}, `;
  const conditions = `conditions: {ready: ${ready}, serving: ${serving}, terminating: ${terminating}}`;
  return `{addresses: [${address}], ${node}${conditions}, targetRef: {kind: Pod, name: ${pod}, namespace: ${namespace}}}`;
}

function resourcesOf(text: string): ResourceSet {
  return parseResources([{ source: 'manifest', text }]).resources;
}
