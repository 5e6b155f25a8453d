import type { CookieSpec, HashKey, HashPolicy, RegexRewrite } from '../../../../src/model/affinity.ts';
import { Fields, NotUnderstood } from '../fields.ts';

/** A route's or a cluster's `hash_policy` list. */
export function parseHashPolicies(policies: readonly unknown[], path: string): HashPolicy[] {
  return policies.flatMap((policy, index) => {
    const fields = new Fields(policy, `${path}[${index}]`);
    const terminal = fields.booleanOr('terminal', false);
    const key = parseKey(fields);
    fields.end();
    return key === null ? [] : [{ ...key, terminal }];
  });
}

/** null: a policy that is configured away, such as `source_ip: false` (envoy-affinity §7.8). */
function parseKey(fields: Fields): HashKey | null {
  if (fields.has('header')) {
    const header = fields.object('header');
    const name = header.string('header_name').toLowerCase();
    const rewrite = header.has('regex_rewrite') ? parseRegexRewrite(header.object('regex_rewrite')) : null;
    header.end();
    return { kind: 'header', name, rewrite };
  }
  if (fields.has('cookie')) return { kind: 'cookie', cookie: parseCookie(fields.object('cookie')) };
  if (fields.has('connection_properties')) {
    const properties = fields.object('connection_properties');
    const usesSourceIp = properties.booleanOr('source_ip', false);
    properties.end();
    return usesSourceIp ? { kind: 'sourceIp' } : null;
  }
  if (fields.has('query_parameter')) return { kind: 'query', name: fields.object('query_parameter').string('name') };
  if (fields.has('filter_state')) return { kind: 'filterState', key: fields.object('filter_state').string('key') };
  throw new NotUnderstood(`no hash policy known with ${fields.names.join(', ')}`);
}

export function parseRegexRewrite(fields: Fields): RegexRewrite {
  const pattern = fields.object('pattern');
  pattern.ignore('google_re2');
  const rewrite = { pattern: pattern.string('regex'), substitution: fields.stringOr('substitution', '') };
  pattern.end();
  fields.end();
  return rewrite;
}

/** The cookie message that hash policies and session state share. */
export function parseCookie(fields: Fields): CookieSpec {
  const cookie: CookieSpec = {
    name: fields.string('name'),
    ttlMillis: fields.durationMillisOr('ttl', null),
    path: fields.stringOr('path', ''),
    attributes: fields.objects('attributes').map((attribute) => {
      const read = { name: attribute.string('name'), value: attribute.stringOr('value', '') };
      attribute.end();
      return read;
    }),
  };
  fields.end();
  return cookie;
}
