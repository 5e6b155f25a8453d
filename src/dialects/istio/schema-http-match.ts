import { headerNameProblem, regexProblem, regexText } from '../../resources/http-fields.ts';
import {
  bool,
  convert,
  ignored,
  limit,
  mapOf,
  maybe,
  object,
  problem,
  type Schema,
  text,
  textMap,
  texts,
  withDefault,
} from '../../resources/schema.ts';
import { isClaim } from './rules-http-match.ts';
import { portOrNone } from './schema-common.ts';

/** None of the three: the value only has to be present. */
export interface StringMatchSpec {
  readonly exact: string | null;
  readonly prefix: string | null;
  readonly regex: string | null;
}

export interface HttpMatch {
  readonly name: string;
  readonly uri: StringMatchSpec | null;
  readonly ignoreUriCase: boolean;
  readonly scheme: StringMatchSpec | null;
  readonly method: StringMatchSpec | null;
  readonly authority: StringMatchSpec | null;
  readonly headers: Readonly<Record<string, StringMatchSpec>>;
  readonly withoutHeaders: Readonly<Record<string, StringMatchSpec>>;
  readonly queryParams: Readonly<Record<string, StringMatchSpec>>;
  readonly port: number | null;
  readonly gateways: readonly string[];
  readonly sourceLabels: Readonly<Record<string, string>>;
  readonly sourceNamespace: string;
}

export const stringMatch: Schema<StringMatchSpec> = object<StringMatchSpec>({
  exact: maybe(text),
  prefix: maybe(text),
  regex: maybe(regexText),
});

/** In `withoutHeaders` Istio reads the pattern `*` as any value. */
const absentMatch: Schema<StringMatchSpec> = object<StringMatchSpec>({
  exact: maybe(text),
  prefix: maybe(text),
  regex: convert(
    maybe(problem(text, (pattern) => (pattern === '*' ? null : regexProblem(pattern)))),
    (pattern) => (pattern === '*' ? null : pattern),
    '',
  ),
});

/** A rule that asks for more than can be looked at is left out: it must not match what it was to keep apart. */
function headerMatches(match: Schema<StringMatchSpec>): Schema<Readonly<Record<string, StringMatchSpec>>> {
  return limit(mapOf(match), (headers) => {
    const claim = Object.keys(headers).find(isClaim);
    if (claim !== undefined) return `asks for the claim ${claim} of a verified token, which is not supported yet`;
    const odd = Object.keys(headers).find((name) => !name.startsWith(':') && headerNameProblem(name) !== null);
    return odd === undefined ? null : `has ${JSON.stringify(odd)}, which no header can be named`;
  });
}

export const httpMatch: Schema<HttpMatch> = object<HttpMatch>(
  {
    name: withDefault(text, ''),
    uri: maybe(stringMatch),
    ignoreUriCase: withDefault(bool, false),
    scheme: maybe(stringMatch),
    method: maybe(stringMatch),
    authority: maybe(stringMatch),
    headers: headerMatches(stringMatch),
    withoutHeaders: headerMatches(absentMatch),
    queryParams: mapOf(stringMatch),
    port: portOrNone,
    gateways: texts,
    sourceLabels: textMap,
    sourceNamespace: withDefault(text, ''),
  },
  { statPrefix: ignored('it only names statistics', text) },
);
