import type { HeaderOps } from '../model/route.ts';
import { type Message, message } from './proto-json.ts';

/** The header fields of a route or a weighted cluster. Envoy removes first, then sets and adds in their order. */
export function emitHeaderOps(request: HeaderOps, response: HeaderOps): Message {
  return message({
    requestHeadersToAdd: emitAdditions(request),
    requestHeadersToRemove: [...request.remove],
    responseHeadersToAdd: emitAdditions(response),
    responseHeadersToRemove: [...response.remove],
  });
}

function emitAdditions({ set, add }: HeaderOps): Message[] {
  return [
    ...set.map((pair) => ({ header: emitHeader(pair), appendAction: 'OVERWRITE_IF_EXISTS_OR_ADD' })),
    ...add.map((pair) => ({ header: emitHeader(pair) })),
  ];
}

/** Envoy reads `%` as the beginning of a command, the model has plain text. */
function emitHeader([key, value]: readonly [name: string, value: string]): Message {
  return message({ key, value: value.replaceAll('%', '%%') || null });
}
