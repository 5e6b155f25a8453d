import { toByteString } from '../../../../src/model/byte-string.ts';
import { type Fields, NotUnderstood } from '../fields.ts';
import type { HeaderLines } from '../recorded-request.ts';

/** A route's `request_headers_to_add` and `request_headers_to_remove`, done to a head. */
export type HeaderEdits = (head: HeaderLines) => void;

export function parseHeaderEdits(route: Fields): HeaderEdits {
  const additions = route.objects('request_headers_to_add').map(parseAddition);
  const removed = route.listOrEmpty('request_headers_to_remove').map((name) => String(name).toLowerCase());
  return (head) => {
    // Envoy removes first, then adds.
    for (const name of removed) head.remove(name);
    for (const add of additions) add(head);
  };
}

function parseAddition(fields: Fields): HeaderEdits {
  const header = fields.object('header');
  const name = header.string('key').toLowerCase();
  const value = toByteString(header.stringOr('value', ''));
  if (value.includes('%')) throw new NotUnderstood(`a formatted header value: ${value}`);
  const action = fields.stringOr('append_action', 'APPEND_IF_EXISTS_OR_ADD');
  header.end();
  fields.ignore('keep_empty_value');
  fields.end();
  return (head) => {
    const exists = head.findHeader(name, 0) >= 0;
    switch (action) {
      case 'APPEND_IF_EXISTS_OR_ADD':
        head.apply({ op: 'append', name, value });
        break;
      case 'ADD_IF_ABSENT':
        if (!exists) head.apply({ op: 'append', name, value });
        break;
      case 'OVERWRITE_IF_EXISTS_OR_ADD':
        head.apply({ op: 'set', name, value });
        break;
      case 'OVERWRITE_IF_EXISTS':
        if (exists) head.apply({ op: 'set', name, value });
        break;
      default:
        throw new NotUnderstood(`append_action ${action}`);
    }
  };
}
