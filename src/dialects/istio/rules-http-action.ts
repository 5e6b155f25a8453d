import { isRetryCondition } from '../../model/route.ts';
import type { Findings, Written } from '../../resources/written.ts';
import { isKnownStatus } from './retry-conditions.ts';
import { checkDuration, checkOneOf, checkPort, checkRegex } from './rules-common.ts';
import { statusProblem } from './rules-http-filters.ts';

/** Bytes of a body that Istio takes, and above which it warns. */
const MAX_BODY = 1024 * 1024;
const LARGE_BODY = 100 * 1024;

export function checkRedirect(redirect: Written, findings: Findings): void {
  if (!redirect.isSet) return;
  checkOneOf(redirect, ['port', 'derivePort'], findings);
  const isPort = redirect.at('port').isSet || redirect.at('derivePort').isSet;
  if (!isPort && !['uri', 'authority', 'scheme'].some((name) => redirect.at(name).isFilled))
    findings.refuse(redirect, 'must say where to: uri, authority, scheme or port', 'Add one of them.');
  const code = redirect.at('redirectCode');
  if (code.number !== 0 && (code.number < 300 || code.number > 399))
    findings.refuse(code, `must be 301, 302, 303, 307 or 308, not ${code.number}`, 'Leave it out for 301.');
  const scheme = redirect.at('scheme');
  if (!['', 'http', 'https'].includes(scheme.text))
    findings.refuse(scheme, `must be http or https, not ${JSON.stringify(scheme.text)}`, 'Leave it out to keep it.');
  if (redirect.at('port').number !== 0) checkPort(redirect.at('port'), findings);
}

export function checkDirectResponse(response: Written, findings: Findings): void {
  if (!response.isSet) return;
  const status = response.at('status');
  if (typeof status.value === 'number') findings.judge(status, statusProblem(status.number), 'Such as 200 or 503.');
  const body = response.at('body');
  checkOneOf(body, ['string', 'bytes'], findings);
  const bytes = body.at('bytes');
  if (bytes.text !== '' && !/^[A-Za-z0-9+/_-]*={0,2}$/.test(bytes.text))
    findings.refuse(bytes, 'must be base64', 'Use string for text.');
  const written = body.at('string').isSet ? body.at('string') : bytes;
  const size =
    written === bytes ? Math.floor((bytes.text.replace(/=+$/, '').length * 3) / 4) : byteLength(written.text);
  if (size > MAX_BODY) findings.refuse(written, `has ${size} bytes, more than ${MAX_BODY}`, 'Serve it from a pod.');
  else if (size > LARGE_BODY)
    findings.warn('invalid-field', written, `has ${size} bytes, which every proxy keeps`, 'Serve it from a pod.');
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}

export function checkRetries(retries: Written, findings: Findings): void {
  if (!retries.isSet) return;
  const attempts = retries.at('attempts');
  if (attempts.number < 0) findings.refuse(attempts, 'must not be negative', 'Write 0 for no retries.');
  if (attempts.number === 0) {
    const settings = ['perTryTimeout', 'retryOn', 'retryRemoteLocalities'].filter((name) => retries.at(name).isFilled);
    for (const name of settings) {
      const rule = attempts.isSet
        ? 'must not stand beside attempts: 0'
        : 'needs attempts beside it: without it there are none';
      findings.refuse(retries.at(name), rule, 'Write attempts: 2, or remove this field.', 'key');
    }
  }
  for (const name of ['perTryTimeout', 'backoff']) checkDuration(retries.at(name), findings);
  const retryOn = retries.at('retryOn');
  const wrong = retryOn.text === '' ? [] : retryOn.text.split(',').filter((word) => !isCondition(word));
  if (wrong.length > 0) {
    const list = wrong.map((word) => JSON.stringify(word)).join(', ');
    const help = 'Conditions are words such as 5xx or connect-failure and status codes, between commas without blanks.';
    findings.refuse(
      retryOn,
      `has ${list}, which ${wrong.length > 1 ? 'are no conditions' : 'is no condition'} for retries`,
      help,
    );
  }
}

function isCondition(word: string): boolean {
  const isStatus = /^[+-]?\d+$/.test(word) && isKnownStatus(Number(word));
  return isStatus || isRetryCondition(word);
}

export function checkRewrite(rewrite: Written, findings: Findings): void {
  if (!rewrite.isSet) return;
  const regex = rewrite.at('uriRegexRewrite');
  if (rewrite.at('uri').isFilled && regex.isSet)
    findings.refuse(regex, 'must not stand beside uri', 'Keep one of them.', 'key');
  if (!['uri', 'authority'].some((name) => rewrite.at(name).isFilled) && !regex.isSet)
    findings.refuse(rewrite, 'must have uri, uriRegexRewrite or authority', 'Add one of them, or remove rewrite.');
  if (!regex.isSet) return;
  const help = 'It needs match, a pattern, and rewrite, what takes its place.';
  for (const name of ['match', 'rewrite'])
    if (!regex.at(name).isFilled) findings.refuse(regex.at(name), 'must not be missing or empty', help);
  if (regex.at('match').isFilled) checkRegex(regex.at('match'), findings);
}
