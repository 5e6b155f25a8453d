import type { DiagnosticCode, Severity } from '../diagnostics/diagnostic.ts';
import { type FieldPath, formatPath } from './resource.ts';

/**
 * A field as it is written, absent or of a wrong type included. Rules over a resource read it through this view, which
 * answers with the zero value of protobuf where there is nothing of the wanted type; a wrong type is the schema's matter.
 */
export class Written {
  readonly path: FieldPath;
  /** undefined: the field is absent. */
  readonly value: unknown;

  constructor(value: unknown, path: FieldPath = []) {
    this.value = value;
    this.path = path;
  }

  /** The field of a mapping. */
  at(key: string): Written {
    return new Written(isMapping(this.value) && Object.hasOwn(this.value, key) ? this.value[key] : undefined, [
      ...this.path,
      key,
    ]);
  }

  /** The items of a list; none where it is no list. */
  get items(): readonly Written[] {
    return Array.isArray(this.value) ? this.value.map((item, index) => new Written(item, [...this.path, index])) : [];
  }

  /** The fields of a mapping by name, as written. */
  get entries(): readonly (readonly [name: string, field: Written])[] {
    return isMapping(this.value) ? Object.keys(this.value).map((key) => [key, this.at(key)] as const) : [];
  }

  /** The text, or the empty text. */
  get text(): string {
    return typeof this.value === 'string' ? this.value : '';
  }

  /** The number, or 0. */
  get number(): number {
    return typeof this.value === 'number' ? this.value : 0;
  }

  get isTrue(): boolean {
    return this.value === true;
  }

  get isSet(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** Whether text that is not empty, a list with items, or anything else that is set. */
  get isFilled(): boolean {
    return this.isSet && this.value !== '' && !(Array.isArray(this.value) && this.value.length === 0);
  }
}

/** What a rule found at a field. */
export interface Finding {
  readonly severity: Severity;
  readonly code: DiagnosticCode;
  readonly path: FieldPath;
  readonly part: 'key' | 'value';
  readonly message: string;
  readonly help: string;
}

/** Rules over a whole resource, as it is written. */
export type Rules = (resource: Written, findings: Findings) => void;

/** Collects what rules find; messages begin with the field's path. */
export class Findings {
  readonly all: Finding[] = [];

  /** `rule` goes on after the field's name, as in "must not be empty". */
  refuse(field: Written, rule: string, help: string, part: Finding['part'] = 'value'): void {
    const code = field.isSet ? 'invalid-field' : 'missing-field';
    this.all.push({ severity: 'error', code, path: field.path, part, message: `${nameOf(field)} ${rule}`, help });
  }

  warn(code: DiagnosticCode, field: Written, rule: string, help: string, part: Finding['part'] = 'value'): void {
    this.all.push({ severity: 'warning', code, path: field.path, part, message: `${nameOf(field)} ${rule}`, help });
  }

  /** `problem` says what is wrong with the text; null: nothing. */
  judge(field: Written, problem: string | null, help: string, part: Finding['part'] = 'value'): void {
    if (problem !== null) this.refuse(field, problem, help, part);
  }
}

function nameOf(field: Written): string {
  return formatPath(field.path);
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
