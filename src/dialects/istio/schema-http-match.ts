import { headerNameProblem, regexText } from '../../resources/http-fields.ts';
import {
  bool,
  check,
  ignored,
  mapOf,
  mapWithKeys,
  maybe,
  object,
  portNumber,
  type Schema,
  text,
  textMap,
  texts,
  withDefault,
} from '../../resources/schema.ts';

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

export const stringMatch: Schema<StringMatchSpec> = check(
  object<StringMatchSpec>({ exact: maybe(text), prefix: maybe(text), regex: maybe(regexText) }),
  (match) => [match.exact, match.prefix, match.regex].filter((kind) => kind !== null).length <= 1,
  'takes only one of exact, prefix and regex',
);

const headerMatches = mapWithKeys(
  (name) =>
    name.startsWith('@request.auth') ? 'asks for a token to be verified: not supported yet' : headerNameProblem(name),
  stringMatch,
);

export const httpMatch: Schema<HttpMatch> = object<HttpMatch>(
  {
    name: withDefault(text, ''),
    uri: maybe(stringMatch),
    ignoreUriCase: withDefault(bool, false),
    scheme: maybe(stringMatch),
    method: maybe(stringMatch),
    authority: maybe(stringMatch),
    headers: headerMatches,
    withoutHeaders: headerMatches,
    queryParams: mapOf(stringMatch),
    port: maybe(portNumber),
    gateways: texts,
    sourceLabels: textMap,
    sourceNamespace: withDefault(text, ''),
  },
  { statPrefix: ignored('it only names statistics') },
);
