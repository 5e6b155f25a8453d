import type { Findings, Written } from '../../resources/written.ts';

/** Names under which servers and frameworks keep their own sessions, in lower case. */
const APPLICATION_COOKIES: ReadonlySet<string> = new Set([
  'jsessionid',
  'jsessionidsso',
  'phpsessid',
  'connect.sid',
  'koa.sess',
  'asp.net_sessionid',
  '.aspnetcore.session',
  '.aspnetcore.cookies',
  'session',
  'sessionid',
  'laravel_session',
  'ci_session',
  '_session_id',
  'rack.session',
  'cfid',
  'cftoken',
  'wordpress_logged_in',
  'ltpatoken2',
]);

/** Every hash cookie of a DestinationRule, wherever it stands. */
export function lintCookie(spec: Written, findings: Findings): void {
  const policies = [spec.at('trafficPolicy'), ...spec.at('subsets').items.map((one) => one.at('trafficPolicy'))];
  for (const policy of policies) {
    for (const level of [policy, ...policy.at('portLevelSettings').items]) {
      const cookie = level.at('loadBalancer').at('consistentHash').at('httpCookie');
      if (cookie.at('name').text !== '') lintOne(cookie, findings);
    }
  }
}

function lintOne(cookie: Written, findings: Findings): void {
  const name = cookie.at('name');
  if (!cookie.at('ttl').isSet) {
    const rule =
      'has no ttl, so the gateway never sets it: requests without it go to a random endpoint, and once the application sets it, its value leads to another endpoint than the one that set it';
    findings.warn('passive-cookie', cookie, rule, 'Add ttl: 0s, under a name that only the gateway uses.', 'key');
    return;
  }
  if (APPLICATION_COOKIES.has(name.text.toLowerCase()) || /^aspsessionid/i.test(name.text)) {
    const rule =
      'is a cookie that applications set themselves: the two overwrite each other, so the application loses its session or the next request goes to another endpoint';
    findings.warn(
      'application-cookie',
      name,
      rule,
      'Give the cookie of the gateway a name of its own, such as GATEWAY_AFFINITY.',
    );
  }
  lintAttributes(cookie, findings);
}

/** What browsers ask of a cookie (RFC 6265bis §5.7), without which they drop it. */
function lintAttributes(cookie: Written, findings: Findings): void {
  const attributes = cookie.at('attributes').items;
  const find = (wanted: string) => attributes.find((one) => one.at('name').text.toLowerCase() === wanted);
  const isSecure = find('secure') !== undefined;
  const drop = (field: Written, rule: string, help: string): void => {
    findings.warn(
      'rejected-cookie',
      field,
      `${rule}, or browsers drop the cookie and every request is a new session`,
      help,
    );
  };
  const SECURE = 'Add {name: Secure} to attributes, and serve by HTTPS.';
  const sameSite = find('samesite');
  if (sameSite?.at('value').text.toLowerCase() === 'none' && !isSecure)
    drop(sameSite.at('value'), 'needs Secure beside it', SECURE);
  const partitioned = find('partitioned');
  if (partitioned !== undefined && !isSecure) drop(partitioned.at('name'), 'needs Secure beside it', SECURE);
  const name = cookie.at('name');
  if (/^__(?:Host|Secure)-/i.test(name.text) && !isSecure) drop(name, 'needs the attribute Secure', SECURE);
  if (!/^__Host-/i.test(name.text)) return;
  const path = cookie.at('path');
  if (path.text !== '/')
    drop(path.isSet ? path : name, 'needs the path /', 'Write path: /, as the prefix __Host- asks.');
  const domain = find('domain');
  if (domain !== undefined) drop(domain.at('name'), 'must not have Domain', 'Remove it, as the prefix __Host- asks.');
}
