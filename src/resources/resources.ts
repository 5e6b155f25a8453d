import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { type ParsedDocument, parseDocuments } from './documents.ts';
import { readMetadata } from './metadata.ts';
import { type FieldPath, nameOf, type Resource } from './resource.ts';
import { identityOf, ResourceSet } from './resource-set.ts';

/** The text of one file, or of one object of a cluster. */
export interface SourceText {
  /** File path or source name, as diagnostics print it. */
  readonly source: string;
  readonly text: string;
}

/**
 * Every Kubernetes resource of the texts, `List` kinds unrolled. What can't be read is reported at its line and left
 * out alone. Of a resource that is there twice the first stays, in the order of `texts`.
 */
export function parseResources(texts: readonly SourceText[]): {
  resources: ResourceSet;
  diagnostics: readonly Diagnostic[];
} {
  const diagnostics: Diagnostic[] = [];
  const byIdentity = new Map<string, Resource>();
  for (const { source, text } of texts) {
    const parsed = parseDocuments(source, text);
    diagnostics.push(...parsed.diagnostics);
    for (const document of parsed.documents) {
      for (const resource of readDocument(source, document, diagnostics)) {
        const identity = identityOf(resource);
        const first = byIdentity.get(identity);
        if (first === undefined) byIdentity.set(identity, resource);
        else diagnostics.push(duplicate(resource, first));
      }
    }
  }
  return { resources: new ResourceSet([...byIdentity.values()]), diagnostics };
}

function duplicate(second: Resource, first: Resource): Diagnostic {
  const { source, line } = first.position(['metadata', 'name']);
  return {
    code: 'duplicate-resource',
    severity: 'error',
    message: `${second.kind} ${nameOf(second)} is defined a second time; the first one, at ${source}:${line}, stays`,
    help: 'Remove one of the two, or give it another name.',
    location: second.position(['metadata', 'name']),
  };
}

/** How deep `List` kinds may hold further lists. */
const MAX_LIST_DEPTH = 4;

function readDocument(source: string, document: ParsedDocument, diagnostics: Diagnostic[]): Resource[] {
  const resources: Resource[] = [];
  const visit = (value: unknown, base: FieldPath, depth: number): void => {
    if (!isRecord(value)) {
      diagnostics.push(
        notAResource(document, base, 'this is no Kubernetes resource: a mapping with apiVersion and kind is expected'),
      );
      return;
    }
    const kind = value['kind'];
    const items = value['items'];
    if (typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items) && depth < MAX_LIST_DEPTH) {
      for (const [index, item] of items.entries()) visit(item, [...base, 'items', index], depth + 1);
      return;
    }
    const resource = readResource(source, document, value, base, diagnostics);
    if (resource !== null) resources.push(resource);
  };
  visit(document.value, [], 0);
  return resources;
}

function readResource(
  source: string,
  document: ParsedDocument,
  value: Record<string, unknown>,
  base: FieldPath,
  diagnostics: Diagnostic[],
): Resource | null {
  for (const field of ['apiVersion', 'kind'] as const) {
    if (typeof value[field] === 'string' && value[field] !== '') continue;
    const missing = value[field] === undefined;
    diagnostics.push(
      notAResource(
        document,
        missing ? base : [...base, field],
        missing ? `this is no Kubernetes resource: ${field} is missing` : `${field} must be text`,
      ),
    );
    return null;
  }
  const apiVersion = String(value['apiVersion']);
  const kind = String(value['kind']);
  const slash = apiVersion.indexOf('/');
  const group = slash === -1 ? '' : apiVersion.slice(0, slash);
  const position: Resource['position'] = (path, part) => document.position([...base, ...path], part);
  const metadata = readMetadata(group, kind, value['metadata'], position, diagnostics);
  if (metadata === null) return null;
  return { apiVersion, group, version: apiVersion.slice(slash + 1), kind, metadata, value, source, position };
}

function notAResource(document: ParsedDocument, path: FieldPath, message: string): Diagnostic {
  return {
    code: 'missing-field',
    severity: 'error',
    message,
    help: 'It is left out; the other documents are read.',
    location: document.position(path),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
