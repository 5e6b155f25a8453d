import { readFileSync } from 'node:fs';

/*
 * Cases of the HTTP/1.1 corpus as they stand in a file. Each is what one side sends, byte for byte, and what may come of it.
 */

/** Bytes in JSON: a latin1 string, `rep` repeated `n` times, or parts of these one after the other. */
export type CorpusBytes = string | { readonly rep: CorpusBytes; readonly n: number } | readonly CorpusBytes[];

/** Sent whole, or in pieces of `chunk` bytes with a pause between them. */
export interface SendStep {
  readonly send: CorpusBytes;
  readonly chunk?: number;
  readonly delay_ms?: number;
}

export type ClientStep =
  | SendStep
  | { readonly sleep_ms: number }
  /** An interim response, the end of the connection, or so many final responses; at most `ms` long. */
  | { readonly await: 'interim' | 'close' | number; readonly ms?: number }
  | { readonly shutdown: true }
  | { readonly close: true }
  | { readonly reset: true };

export type BackendStep =
  | SendStep
  | { readonly sleep_ms: number }
  /** The whole body of the request, or so many bytes. */
  | { readonly read: 'request' | number }
  | { readonly echo: true }
  | { readonly shutdown: true }
  | { readonly close: true }
  | { readonly reset: true };

/** What a header has to be; a list is its lines joined by ", ". */
export type WantedField =
  | string
  | readonly string[]
  | true
  | { readonly any: readonly (string | null)[] }
  | { readonly ws: string }
  | { readonly re: string }
  | { readonly ci: string };

export interface WantedBody {
  readonly body?: CorpusBytes;
  readonly body_len?: number;
  readonly body_sha256?: string;
}

export interface WantedRequest extends WantedBody {
  readonly method?: string;
  readonly target?: CorpusBytes | readonly CorpusBytes[];
  readonly headers?: Readonly<Record<string, WantedField>>;
  readonly absent?: readonly string[];
  readonly trailers_absent?: readonly string[];
}

export interface RequestExpectation {
  readonly outcome: 'forward' | 'reject' | 'close' | 'either';
  readonly requests?: readonly WantedRequest[];
  readonly statuses?: readonly number[];
  readonly status?: readonly number[];
  readonly conn?: 'close' | 'keep' | 'any';
  readonly prefix?: readonly WantedRequest[];
  readonly prefer?: 'reject' | 'forward';
  readonly silent_ok?: boolean;
  readonly partial_ok?: boolean;
  readonly proxy_ok?: boolean;
  readonly min_requests?: number;
  readonly interim?: number;
  readonly no_interim?: boolean;
  readonly resp_absent?: readonly string[];
  readonly tunnel?: CorpusBytes;
}

/** How the backend answers the requests of a case; by default 200. */
export interface BackendBehaviour {
  readonly status?: number;
  readonly headers?: readonly CorpusBytes[];
  readonly body?: CorpusBytes;
  readonly chunked?: boolean;
  readonly delay_ms?: number;
  /** Answers 101 and echoes what follows. */
  readonly upgrade?: boolean;
  /** `final` answers without reading the body. */
  readonly expect?: string;
}

interface CaseHead {
  readonly id: string;
  readonly category: string;
  readonly timeout_ms?: number;
  readonly grace_ms?: number;
  readonly why?: string;
}

export interface RequestCase extends CaseHead {
  readonly kind: 'requests';
  readonly bytes?: CorpusBytes;
  readonly steps?: readonly ClientStep[];
  readonly backend?: BackendBehaviour;
  readonly methods?: readonly string[];
  readonly expect: RequestExpectation;
}

export interface ResponseExpectation extends WantedBody {
  readonly outcome: 'relay' | 'error' | 'abort' | 'either';
  readonly status?: number | readonly number[];
  readonly headers?: Readonly<Record<string, WantedField>>;
  readonly absent?: readonly string[];
  readonly lines?: Readonly<Record<string, readonly string[]>>;
  readonly trailers?: Readonly<Record<string, WantedField>>;
  readonly interim?: readonly number[];
  readonly tunnel?: CorpusBytes;
  readonly unmarked?: boolean;
  readonly errors?: readonly number[];
  readonly silent_ok?: boolean;
  readonly reuse?: 'never';
  readonly max_attempts?: number;
  readonly conn?: 'close';
  readonly abort_ok?: boolean;
  readonly prefer?: 'relay' | 'error';
}

export interface ResponseCase extends CaseHead {
  readonly kind: 'responses';
  readonly request?: {
    readonly method?: string;
    readonly version?: string;
    readonly headers?: readonly string[];
    readonly body?: CorpusBytes;
    readonly steps?: readonly ClientStep[];
  };
  /** When the backend begins with its steps. */
  readonly when?: 'request' | 'head';
  readonly backend: readonly BackendStep[];
  readonly expect: ResponseExpectation;
}

export type CorpusCase = RequestCase | ResponseCase;

/** The cases of a corpus file. Throws where the file is none. */
export function readCorpus(path: string): CorpusCase[] {
  const file = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly schema?: number;
    readonly kind?: string;
    readonly cases?: readonly CorpusCase[];
  };
  const { kind, cases } = file;
  if (file.schema !== 1 || (kind !== 'requests' && kind !== 'responses') || cases === undefined) {
    throw new Error(`${path} is no corpus file of schema 1`);
  }
  return cases.map((each) => ({ ...each, kind }) as CorpusCase);
}

export function toBytes(value: CorpusBytes | undefined): Buffer {
  if (value === undefined) return Buffer.alloc(0);
  if (typeof value === 'string') return Buffer.from(value, 'latin1');
  if ('rep' in value) {
    const unit = toBytes(value.rep);
    return Buffer.alloc(unit.length * value.n, unit);
  }
  return Buffer.concat(value.map(toBytes));
}
