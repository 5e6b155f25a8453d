import { headerNameProblem } from '../../resources/http-fields.ts';
import type { Findings, Written } from '../../resources/written.ts';
import { checkGatewayNames, checkLabels, checkPort, checkRegex, checkStringMatch } from './rules-common.ts';
import { isDnsLabel } from './rules-names.ts';

const PSEUDO_HEADERS = [':method', ':scheme', ':authority', ':path', ':status'];
const HEADER_HELP = "Header names are letters, digits and !#$%&'*+-.^_`|~.";

/** A key that asks for a claim of a verified token, as `@request.auth.claims.group` or `@request.auth.claims[group]`. */
export function isClaim(name: string): boolean {
  return /^@request\.auth\.claims(?:\..|\[.+\]$)/is.test(name);
}

/** What istiod asks of an item of `http[].match`. */
export function checkHttpMatch(match: Written, findings: Findings): void {
  for (const [name, header] of match.at('headers').entries) {
    checkHeaderName(name, header, findings);
    checkStringMatch(header, findings);
  }
  for (const [name, header] of match.at('withoutHeaders').entries) {
    checkHeaderName(name, header, findings);
    // Istio reads * here as "present".
    if (header.at('regex').value !== '*') checkStringMatch(header, findings);
  }
  for (const [, parameter] of match.at('queryParams').entries) checkStringMatch(parameter, findings);
  checkStringMatch(match.at('uri'), findings, true);
  for (const name of ['scheme', 'method', 'authority']) checkStringMatch(match.at(name), findings);
  if (match.at('port').number !== 0) checkPort(match.at('port'), findings);
  checkLabels(match.at('sourceLabels'), findings);
  checkGatewayNames(match.at('gateways'), findings);
  const namespace = match.at('sourceNamespace');
  if (namespace.text !== '' && !isDnsLabel(namespace.text))
    findings.refuse(namespace, 'must be the name of a namespace', 'Write one name; it has no wildcards.');
}

function checkHeaderName(name: string, field: Written, findings: Findings): void {
  if (name === '') findings.refuse(field, 'must have a name', HEADER_HELP, 'key');
  else if (!isClaim(name) && !PSEUDO_HEADERS.includes(name) && headerNameProblem(name) !== null)
    findings.refuse(field, 'is no header name', HEADER_HELP, 'key');
}

/** Exported beside the match because CORS takes the same patterns for origins. */
export function checkOrigin(origin: Written, findings: Findings): void {
  const kind = ['exact', 'prefix', 'regex'].find((name) => origin.at(name).isSet);
  if (kind === undefined)
    findings.refuse(origin, 'must have exact, prefix or regex', 'Write exact: "https://shop.example".');
  else if (kind !== 'regex' && origin.at(kind).value === '')
    findings.refuse(origin.at(kind), 'must not be empty', 'Write an origin such as https://shop.example.');
  else checkRegex(origin.at('regex'), findings);
}
