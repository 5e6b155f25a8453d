import type { CookieSpec, HashPolicy } from '../model/affinity.ts';
import { duration, type Message, message } from './proto-json.ts';

/** A RouteAction.HashPolicy (envoy-affinity §7). */
export function emitHashPolicy(policy: HashPolicy): Message {
  return message({ ...emitKey(policy), terminal: policy.terminal || null });
}

function emitKey(policy: HashPolicy): Message {
  switch (policy.kind) {
    case 'header': {
      const { name, rewrite } = policy;
      const regexRewrite =
        rewrite === null ? null : { pattern: { regex: rewrite.pattern }, substitution: rewrite.substitution };
      return { header: message({ headerName: name, regexRewrite }) };
    }
    case 'cookie': {
      const { ttlMillis } = policy.cookie;
      return { cookie: emitCookie(policy.cookie, ttlMillis === null ? null : duration(ttlMillis)) };
    }
    case 'query':
      return { queryParameter: { name: policy.name } };
    case 'sourceIp':
    // Envoy has no masks: clients of one network are hashed apart.
    case 'sourceNetwork':
      return { connectionProperties: { sourceIp: true } };
    case 'filterState':
      return { filterState: { key: policy.key } };
  }
}

/** What hash policies and sessions have in common; they differ in what no `ttl` means. */
export function emitCookie({ name, path, attributes }: CookieSpec, ttl: string | null): Message {
  return message({
    name,
    path: path || null,
    ttl,
    attributes: attributes.map((attribute) => message({ name: attribute.name, value: attribute.value || null })),
  });
}
