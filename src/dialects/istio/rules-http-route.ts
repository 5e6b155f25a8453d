import type { Findings, Written } from '../../resources/written.ts';
import { checkDestination, checkDuration, checkOneOf } from './rules-common.ts';
import { checkDirectResponse, checkRedirect, checkRetries, checkRewrite } from './rules-http-action.ts';
import { checkCors, checkFault, checkPercentage } from './rules-http-filters.ts';
import { checkHeaders } from './rules-http-headers.ts';
import { checkHttpMatch } from './rules-http-match.ts';
import { checkWeights } from './rules-l4-route.ts';
import { wildcardDomainProblem } from './rules-names.ts';

/** What istiod asks of a rule of `spec.http`; `isDelegate`: of a VirtualService that others include. */
export function checkHttpRoute(rule: Written, isDelegate: boolean, findings: Findings): void {
  checkActions(rule, isDelegate, findings);
  for (const match of rule.at('match').items) checkHttpMatch(match, findings);
  checkHeaders(rule.at('headers'), findings);
  checkAuthority(rule, findings);
  checkCors(rule.at('corsPolicy'), findings);
  checkFault(rule.at('fault'), findings);
  checkMirrors(rule, findings);
  checkRedirect(rule.at('redirect'), findings);
  checkDirectResponse(rule.at('directResponse'), findings);
  checkRetries(rule.at('retries'), findings);
  checkRewrite(rule.at('rewrite'), findings);
  for (const target of rule.at('route').items) {
    checkHeaders(target.at('headers'), findings);
    checkDestination(target.at('destination'), findings, wildcardDomainProblem);
  }
  checkWeights(rule.at('route'), findings);
  checkDuration(rule.at('timeout'), findings);
}

/** One action, and beside it only what goes with it. */
function checkActions(rule: Written, isDelegate: boolean, findings: Findings): void {
  const has = (name: string): boolean => (name === 'route' ? rule.at(name).items.length > 0 : rule.at(name).isSet);
  const delegate = rule.at('delegate');
  if (delegate.isSet && !isDelegate) {
    for (const name of ['redirect', 'route'].filter(has))
      findings.refuse(rule.at(name), 'must not stand beside delegate, whose rules say it', 'Keep one of them.', 'key');
    return;
  }
  if (delegate.isSet)
    findings.refuse(
      delegate,
      'must not be set here: a delegate includes no other',
      'Include both from the root.',
      'key',
    );
  const action = ['redirect', 'directResponse'].find(has);
  if (action === undefined && !has('route') && !delegate.isSet) {
    const help = 'Add route, redirect, directResponse or delegate.';
    findings.refuse(rule, 'must have a route, a redirect, a directResponse or a delegate', help);
  }
  const others = ['route', 'fault', 'rewrite', 'directResponse'].filter((name) => name !== action && has(name));
  for (const name of action === undefined ? [] : others)
    findings.refuse(rule.at(name), `must not stand beside ${action}`, 'Keep one of them.', 'key');
  if (has('mirror') && rule.at('mirrors').items.length > 0)
    findings.refuse(rule.at('mirrors'), 'must not stand beside mirror', 'Move the one of mirror into mirrors.', 'key');
}

function checkMirrors(rule: Written, findings: Findings): void {
  checkDestination(rule.at('mirror'), findings, wildcardDomainProblem);
  for (const name of ['mirrorPercent', 'mirror_percent']) {
    if (rule.at(name).number > 100)
      findings.refuse(rule.at(name), `must be at most 100, not ${rule.at(name).number}`, 'Write whole percents.');
  }
  checkOneOf(rule, ['mirrorPercent', 'mirror_percent'], findings);
  checkPercentage(rule.at('mirrorPercentage'), 0, findings);
  for (const mirror of rule.at('mirrors').items) {
    checkDestination(mirror.at('destination'), findings, wildcardDomainProblem);
    checkPercentage(mirror.at('percentage'), 0, findings);
  }
}

/** The authority can be rewritten in one place only. */
function checkAuthority(rule: Written, findings: Findings): void {
  const request = rule.at('headers').at('request');
  const isAuthority = (name: string): boolean => /^(?::authority|host)$/i.test(name);
  const named = ['set', 'add'].flatMap((name) => request.at(name).entries.filter(([header]) => isAuthority(header)));
  const places = [rule.at('rewrite').at('authority'), ...named.map(([, field]) => field)].filter((one) => one.isFilled);
  const [, ...more] = places;
  for (const field of more)
    findings.refuse(field, 'rewrites the authority a second time', 'Keep rewrite.authority or the header.', 'key');
}
