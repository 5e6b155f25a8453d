import type { CorsPolicy, StringMatch } from '../../model/route.ts';
import type { HttpCors } from './schema-filter.ts';

/** The CORS filter; which preflights go on is left open by the API, and is as in Envoy. */
export function emitCors(cors: HttpCors): CorsPolicy {
  return {
    allowOrigins: cors.allowOrigins.map(emitOrigin),
    allowMethods: cors.allowMethods,
    allowHeaders: cors.allowHeaders,
    exposeHeaders: cors.exposeHeaders,
    maxAge: String(cors.maxAge),
    allowCredentials: cors.allowCredentials,
    forwardNotMatchingPreflights: true,
  };
}

/** `*` in the place of a host stands for any characters that a host and its port have. */
function emitOrigin(origin: string): StringMatch {
  if (!origin.includes('*')) return { kind: 'exact', value: origin, ignoreCase: true };
  if (origin === '*') return { kind: 'regex', pattern: '.*' };
  const [before = '', after = ''] = origin.split('*');
  return { kind: 'regex', pattern: `(?i)${escapeRegex(before)}[^/]+${escapeRegex(after)}` };
}

function escapeRegex(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
