import type { SessionCarrier, SessionPolicy } from '../../../../src/model/affinity.ts';
import { type Fields, NotUnderstood } from '../fields.ts';
import { parseCookie } from './hash-policy.ts';

/** Status of a strict session whose host is a member but may not serve (envoy-affinity §12.5). */
const REFUSED_STATUS = 503;

/** A `stateful_session` message of a filter or a route; null: it is switched off. */
export function parseSession(fields: Fields): SessionPolicy | null {
  const strict = fields.booleanOr('strict', false);
  const unknownStatus = fields.numberOr('status_on_strict_destination_not_found', REFUSED_STATUS);
  const state = fields.has('session_state') ? fields.object('session_state') : null;
  fields.end();
  if (state === null || state.names.length === 0) return null;
  const carrier = parseCarrier(state);
  return {
    carriers: [carrier],
    token: { kind: 'address' },
    onLost: strict ? { kind: 'fail', unknownStatus, refusedStatus: REFUSED_STATUS } : { kind: 'rehome' },
  };
}

function parseCarrier(state: Fields): SessionCarrier {
  state.ignore('name');
  const config = state.object('typed_config');
  const type = config.string('@type');
  const carrier = parseTypedCarrier(type.slice(type.lastIndexOf('.') + 1), config);
  config.end();
  state.end();
  return carrier;
}

function parseTypedCarrier(type: string, config: Fields): SessionCarrier {
  switch (type) {
    case 'CookieBasedSessionState':
      return { kind: 'cookie', cookie: parseCookie(config.object('cookie')) };
    case 'HeaderBasedSessionState':
      return { kind: 'header', name: config.string('name').toLowerCase() };
    case 'EnvelopeSessionState':
      return { kind: 'envelope', header: config.object('header').string('name').toLowerCase() };
    default:
      throw new NotUnderstood(`session state ${type}`);
  }
}
