import { parseGoDuration } from '../../resources/duration.ts';
import { headerNameProblem } from '../../resources/http-fields.ts';
import type { Findings, Written } from '../../resources/written.ts';
import { checkDuration, checkOneOf } from './rules-common.ts';
import { checkOrigin } from './rules-http-match.ts';
import { GRPC_STATUSES } from './schema-http-filters.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', '*'];

const GRPC_NAMES: ReadonlySet<string> = new Set(GRPC_STATUSES);

export function checkCors(policy: Written, findings: Findings): void {
  for (const origin of policy.at('allowOrigins').items) checkOrigin(origin, findings);
  for (const method of policy.at('allowMethods').items) {
    if (typeof method.value === 'string' && !METHODS.includes(method.text))
      findings.refuse(method, `must be one of ${METHODS.join(', ')}`, 'Methods are written in capitals.');
  }
  for (const name of ['allowHeaders', 'exposeHeaders']) {
    for (const header of policy.at(name).items) {
      if (typeof header.value === 'string' && headerNameProblem(header.text) !== null)
        findings.refuse(header, 'must be a header name, or * for all', 'Write one name per item.');
    }
  }
  const maxAge = policy.at('maxAge');
  const millis = parseGoDuration(maxAge.text) ?? 0;
  if (millis >= 1 && millis % 1000 !== 0)
    findings.refuse(maxAge, `must be in whole seconds, not ${maxAge.text}`, 'Round it, as in 24h or 600s.');
}

export function checkFault(fault: Written, findings: Findings): void {
  if (!fault.isSet) return;
  const abort = fault.at('abort');
  const delay = fault.at('delay');
  if (!abort.isSet && !delay.isSet)
    findings.refuse(fault, 'must have a delay or an abort', 'Add one of them, or remove fault.');
  checkAbort(abort, findings);
  checkOneOf(delay, ['fixedDelay', 'exponentialDelay'], findings);
  checkPercentage(delay.at('percentage'), 0.0001, findings);
  checkDuration(delay.at('fixedDelay'), findings);
  if (delay.at('exponentialDelay').isSet)
    findings.refuse(delay.at('exponentialDelay'), 'is not there yet in Istio either', 'Use fixedDelay.', 'key');
}

function checkAbort(abort: Written, findings: Findings): void {
  if (!abort.isSet) return;
  checkOneOf(abort, ['httpStatus', 'grpcStatus', 'http2Error'], findings);
  checkPercentage(abort.at('percentage'), 0.0001, findings);
  const http = abort.at('httpStatus');
  if (typeof http.value === 'number')
    findings.judge(http, statusProblem(http.number), 'Write the status, such as 503.');
  const grpc = abort.at('grpcStatus');
  if (grpc.isSet && !GRPC_NAMES.has(grpc.text))
    findings.refuse(grpc, 'must be the name of a gRPC status', 'Write it as UNAVAILABLE or NOT_FOUND.');
  if (abort.at('http2Error').isSet)
    findings.refuse(abort.at('http2Error'), 'is not there yet in Istio either', 'Use httpStatus.', 'key');
  if (!http.isSet && !grpc.isSet && !abort.at('http2Error').isSet)
    findings.warn('invalid-field', abort, 'says no status, so it aborts nothing', 'Add httpStatus.');
}

/** Istio lets 600 pass. */
export function statusProblem(status: number): string | null {
  return status >= 200 && status <= 600 ? null : `must be an HTTP status from 200 to 599, not ${status}`;
}

/** From 0 to 100; `smallest`: the least above 0 that can be told apart from it. */
export function checkPercentage(percentage: Written, smallest: number, findings: Findings): void {
  const { number } = percentage.at('value');
  const isTiny = number > 0 && number < smallest;
  if (number < 0 || number > 100 || isTiny) {
    const least = isTiny ? ', and at least 0.0001 where it is not 0' : '';
    findings.refuse(percentage.at('value'), `must be from 0 to 100${least}: ${number}`, 'Percents, not shares of 1.');
  }
}
