import { isMap, LineCounter, parseAllDocuments } from 'yaml';
import { type JsonObject, objectOf, objectsOf } from './json.ts';

/** `Kind namespace/name` of the object at a line of a multi-document text; empty: there is none. */
export function resourceAt(text: string, line: number): string {
  const lines = new LineCounter();
  for (const document of parseAllDocuments(text, { lineCounter: lines })) {
    const [start, , end] = document.range;
    if (!isMap(document.contents) || line < lines.linePos(start).line || line > lines.linePos(end).line) continue;
    const object = document.toJS() as JsonObject;
    return `${object['kind']} ${nameOf(object)}`;
  }
  return '';
}

/** `namespace/name` of each VirtualService that delegates, with those it delegates to. */
export function delegatesOf(text: string): Map<string, Set<string>> {
  const delegates = new Map<string, Set<string>>();
  for (const document of parseAllDocuments(text)) {
    const object = objectOf(document.toJS());
    if (object['kind'] !== 'VirtualService') continue;
    const own = objectOf(object['metadata'])['namespace'] ?? 'default';
    const named = objectsOf(objectOf(object['spec'])['http']).map(({ delegate }) => objectOf(delegate));
    const names = named.flatMap(({ namespace, name }) => (name === undefined ? [] : [`${namespace ?? own}/${name}`]));
    delegates.set(nameOf(object), new Set(names));
  }
  return delegates;
}

function nameOf(object: JsonObject): string {
  const { namespace = 'default', name } = objectOf(object['metadata']);
  return `${namespace}/${name}`;
}
