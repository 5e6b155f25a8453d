import { createHash } from 'node:crypto';
import { type CorpusBytes, toBytes, type WantedBody, type WantedField, type WantedRequest } from './corpus.ts';
import type { RecordedRequest } from './recorded-request.ts';
import { type Field, valuesOf } from './strict-syntax.ts';

/** Every way in which `request` is not the wanted one; none: it is. */
export function findRequestFaults(wanted: WantedRequest, request: RecordedRequest): string[] {
  const faults = request.anomalies.map((anomaly) => `the backend saw an invalid message: ${anomaly}`);
  if (wanted.method !== undefined && request.method !== wanted.method) {
    faults.push(`method ${request.method} instead of ${wanted.method}`);
  }
  if (wanted.target !== undefined) {
    const accepted = listTargets(wanted.target);
    if (!accepted.includes(request.target))
      faults.push(`target ${quote(request.target)} instead of ${quote(accepted)}`);
  }
  faults.push(...findFieldFaults(wanted.headers, request.fields, 'header'));
  for (const name of wanted.absent ?? []) {
    if (valuesOf(request.fields, name.toLowerCase()).length > 0) faults.push(`header ${name} must not be forwarded`);
  }
  for (const name of wanted.trailers_absent ?? []) {
    if (valuesOf(request.trailers, name.toLowerCase()).length > 0) faults.push(`trailer ${name} must not be forwarded`);
  }
  return [...faults, ...findBodyFaults(wanted, request.body)];
}

export function findFieldFaults(
  wanted: Readonly<Record<string, WantedField>> | undefined,
  fields: readonly Field[],
  kind: string,
): string[] {
  return Object.entries(wanted ?? {}).flatMap(([name, want]) => {
    const values = valuesOf(fields, name.toLowerCase());
    const value = values.length === 0 ? null : values.join(', ');
    return isWanted(want, value) ? [] : [`${kind} ${name}: ${quote(value)}, wanted ${quote(want)}`];
  });
}

export function findBodyFaults(wanted: WantedBody, body: Buffer): string[] {
  const faults: string[] = [];
  if (wanted.body !== undefined && !toBytes(wanted.body).equals(body)) faults.push('another body');
  if (wanted.body_len !== undefined && wanted.body_len !== body.length) {
    faults.push(`a body of ${body.length} bytes instead of ${wanted.body_len}`);
  }
  const isHashed = wanted.body_sha256 !== undefined;
  if (isHashed && createHash('sha256').update(body).digest('hex') !== wanted.body_sha256)
    faults.push('another body hash');
  return faults;
}

/** `value` is the field's lines joined by ", "; null: there is none. */
function isWanted(want: WantedField, value: string | null): boolean {
  if (want === true) return value !== null;
  if (typeof want === 'string') return value === want;
  if (isLines(want)) return value === want.join(', ');
  if ('any' in want) return want.any.includes(value);
  if ('re' in want) return new RegExp(`^(?:${want.re})$`).test(value ?? '');
  if (value === null) return false;
  if ('ws' in want) return collapseBlanks(value) === collapseBlanks(want.ws);
  return value.toLowerCase() === want.ci.toLowerCase();
}

/** A target, or a list of those that are accepted. */
function listTargets(target: CorpusBytes | readonly CorpusBytes[]): string[] {
  const targets: readonly CorpusBytes[] = typeof target === 'string' || 'rep' in target ? [target] : target;
  return targets.map((each) => toBytes(each).toString('latin1'));
}

/** Array.isArray does not narrow readonly arrays. */
function isLines(want: WantedField): want is readonly string[] {
  return Array.isArray(want);
}

function collapseBlanks(text: string): string {
  return text.replace(/[ \t]+/g, ' ').trim();
}

function quote(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 120)}...` : text;
}
