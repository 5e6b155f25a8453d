import * as v from 'valibot';
import type { DiagnosticSink } from '../diagnostics/sink.ts';
import { nearestName } from './nearest-name.ts';
import { type FieldPath, formatPath, type Resource } from './resource.ts';
import { anything, LIMIT, markOf, object, type Schema } from './schema.ts';
import { type Shape, shapeOf } from './schema-shape.ts';
import { Findings, type Rules, Written } from './written.ts';

interface Fault {
  readonly path: FieldPath;
  readonly part?: 'key';
  readonly message: string;
  readonly help?: string;
  readonly isMissing: boolean;
  /** The API takes the value, Limpet has no way to serve it: a warning. */
  readonly isLimit?: true;
}

export interface DecodeOptions {
  /** What the schema alone can't tell; errors among the findings cost what faults of the schema cost. */
  readonly rules?: Rules;
  /** How bad a field is that the schema does not know. */
  readonly unknownField?: 'warning' | 'error';
}

/** Each round removes every fault it sees; only a fault hidden behind another needs one more. */
const MAX_ROUNDS = 50;

/** A resource with more faults is given up: nobody wrote it by hand, and nobody reads a thousand lines about it. */
const MAX_FAULTS = 100;

/**
 * The resource's `spec` by its schema. A field that the schema does not know is a warning; a wrong value is an error
 * and costs the nearest enclosing unit of the schema (which becomes null), or else the resource (the result is null).
 */
export function decodeSpec<T>(
  resource: Resource,
  spec: Schema<T>,
  sink: DiagnosticSink,
  options: DecodeOptions = {},
): T | null {
  const envelope = object<{ spec: T }>({ spec }, ENVELOPE);
  return decode(resource, envelope, sink, options)?.spec ?? null;
}

/** The whole resource by a schema for it, for kinds that keep their data beside `spec`. */
export function decodeWhole<T extends object>(
  resource: Resource,
  fields: { readonly [Key in keyof T]-?: Schema<T[Key]> },
  unread: Readonly<Record<string, Schema<unknown>>>,
  sink: DiagnosticSink,
  options: DecodeOptions = {},
): T | null {
  return decode(resource, object<T>(fields, { ...ENVELOPE, ...unread }), sink, options);
}

const ENVELOPE = { apiVersion: anything, kind: anything, metadata: anything, status: anything };

function decode<T>(
  resource: Resource,
  schema: Schema<T>,
  sink: DiagnosticSink,
  { rules, unknownField = 'warning' }: DecodeOptions,
): T | null {
  reportRemarks(resource, schema, resource.value, [], unknownField, sink);
  let value: unknown = resource.value;
  let ruled = rules === undefined ? [] : applyRules(resource, rules, sink);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const shapes: Fault[] = [];
    findWrongShapes(schema, value, [], shapes);
    const result = v.safeParse(schema, value);
    if (result.success && shapes.length === 0 && ruled.length === 0) return result.output;
    if (!result.success) shapes.push(...result.issues.map(toFault));
    const found = ruled.length + shapes.length;
    if (found > MAX_FAULTS) {
      const first = ruled[0] ?? shapes[0];
      const message = `${resource.kind} ${resource.metadata.name} has ${found} faults, the first of which: ${first?.message}`;
      sink.report('error', 'invalid-field', resource.position(first?.path ?? []), message, 'It is left out.');
      return null;
    }
    const known = ruled;
    ruled = [];
    let isLost = false;
    for (const fault of [
      ...known,
      ...outermost(shapes).filter((one) => !known.some((rule) => isSamePlace(rule, one))),
    ]) {
      const unit = enclosingUnit(schema, fault.path);
      reportFault(resource, fault, unit, sink);
      if (unit === null) isLost = true;
      else value = withNullAt(value, unit);
    }
    if (isLost) return null;
  }
  return null;
}

function reportFault(resource: Resource, fault: Fault, unit: FieldPath | null, sink: DiagnosticSink): void {
  const { path, part, message, help = '', isMissing, isLimit } = fault;
  const lost = unit === null ? `${resource.kind} ${resource.metadata.name}` : formatPath(unit);
  sink.add({
    code: isLimit === true ? 'unsupported-field' : isMissing ? 'missing-field' : 'invalid-field',
    severity: isLimit === true ? 'warning' : 'error',
    message,
    help: `${help} Until it is mended, ${lost} is left out.`.trimStart(),
    location: resource.position(path, part),
  });
}

/** Reports what is no error, and gives the errors back as faults. */
function applyRules(resource: Resource, rules: Rules, sink: DiagnosticSink): Fault[] {
  const findings = new Findings();
  rules(new Written(resource.value), findings);
  const faults: Fault[] = [];
  for (const { severity, code, path, part, message, help } of findings.all) {
    if (severity !== 'error') sink.report(severity, code, resource.position(path, part), message, help);
    else faults.push({ path, message, help, isMissing: code === 'missing-field', ...(part === 'key' ? { part } : {}) });
  }
  return faults;
}

/** A rule and the schema found fault with the same field: the rule says it better. */
function isSamePlace(a: Fault, b: Fault): boolean {
  return a.path.length === b.path.length && a.path.every((step, index) => step === b.path[index]);
}

/** A wrong container also gives faults for what is missing in it; only the container's own is worth a line. */
function outermost(faults: readonly Fault[]): Fault[] {
  const isWithin = (path: FieldPath, outer: FieldPath) =>
    path.length > outer.length && outer.every((step, index) => step === path[index]);
  return faults.filter((fault) => !faults.some((other) => isWithin(fault.path, other.path)));
}

function toFault(issue: v.BaseIssue<unknown>): Fault {
  const path = (issue.path ?? []).map((item) => item.key as string | number);
  const name = formatPath(path) || 'this resource';
  if (issue.kind === 'schema' && issue.input === undefined)
    return { path, message: `${name} is missing`, isMissing: true };
  const isOurWording =
    issue.kind !== 'schema' || ['picklist', 'union'].includes(issue.type) || issue.message.startsWith('must be ');
  const rule = isOurWording ? issue.message : `must be ${TYPE_WORDS[issue.expected ?? ''] ?? issue.expected}`;
  const instead = rule.startsWith('must be ') ? `, not ${describe(issue.input)}` : '';
  const limit = issue.expected === LIMIT ? ({ isLimit: true } as const) : {};
  return { path, message: `${name} ${rule}${instead}`, isMissing: false, ...limit };
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  Object: 'a mapping',
  Array: 'a list',
};

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return value === '' ? 'empty text' : `the text ${JSON.stringify(value.slice(0, 60))}`;
  return String(value);
}

/** valibot takes a list for an object, and our unit lists take null for an item that was dropped. */
function findWrongShapes(schema: v.GenericSchema, value: unknown, path: FieldPath, faults: Fault[]): void {
  const shape = shapeOf(schema);
  if ((shape.kind === 'object' || shape.kind === 'record') && Array.isArray(value)) {
    faults.push({ path, message: `${formatPath(path)} must be a mapping, not ${describe(value)}`, isMissing: false });
    return;
  }
  for (const [step, member, inner] of children(shape, value)) {
    const at = [...path, step];
    findWrongShapes(inner, member, at, faults);
  }
}

function reportRemarks(
  resource: Resource,
  schema: v.GenericSchema,
  value: unknown,
  path: FieldPath,
  unknownField: 'warning' | 'error',
  sink: DiagnosticSink,
): void {
  const shape = shapeOf(schema);
  if (shape.kind === 'object' && isMapping(value)) {
    const known = Object.keys(shape.entries);
    for (const key of Object.keys(value)) {
      if (known.includes(key) || value[key] === null) continue;
      const meant = nearestName(key, known);
      const help = meant === null ? 'It has no effect.' : `It has no effect. Did you mean "${meant}"?`;
      const message = `unknown field ${formatPath([...path, key])}`;
      sink.report(unknownField, 'unknown-field', resource.position([...path, key], 'key'), message, help);
    }
  }
  if (shape.kind === 'array' && Array.isArray(value) && value.includes(null)) {
    const at = [...path, value.indexOf(null)];
    sink.report(
      'error',
      'invalid-field',
      resource.position(at),
      `${formatPath(at)} is empty`,
      'Remove the entry or fill it in.',
    );
  }
  for (const [step, member, inner] of children(shape, value)) {
    const at = [...path, step];
    const { remark, lint } = markOf(inner);
    const odd = lint?.(member) ?? null;
    if (odd !== null) sink.report('warning', 'invalid-field', resource.position(at), `${formatPath(at)} ${odd}`);
    if (remark !== undefined && member !== null) {
      const severity = remark.kind === 'unsupported' || remark.isWarned === true ? 'warning' : 'note';
      const verb =
        remark.kind === 'unsupported'
          ? 'is not supported yet'
          : remark.kind === 'ignored'
            ? 'is ignored'
            : 'is deprecated';
      const code = `${remark.kind}-field` as const;
      sink.report(severity, code, resource.position(at, 'key'), `${formatPath(at)} ${verb}: ${remark.why}`);
    }
    reportRemarks(resource, inner, member, at, unknownField, sink);
  }
}

function* children(
  shape: Shape,
  value: unknown,
): Generator<[step: string | number, member: unknown, schema: v.GenericSchema]> {
  if (shape.kind === 'array' && Array.isArray(value)) {
    for (const [index, item] of value.entries()) yield [index, item, shape.item];
  } else if (shape.kind === 'record' && isMapping(value)) {
    for (const [key, member] of Object.entries(value)) yield [key, member, shape.value];
  } else if (shape.kind === 'object' && isMapping(value)) {
    for (const [key, inner] of Object.entries(shape.entries)) {
      if (Object.hasOwn(value, key)) yield [key, value[key], inner];
    }
  }
}

/** The path of the innermost unit around a fault; null where only the resource itself remains. */
function enclosingUnit(schema: v.GenericSchema, path: FieldPath): FieldPath | null {
  let current = schema;
  let unit: FieldPath | null = null;
  for (const [depth, step] of path.entries()) {
    const shape = shapeOf(current);
    const next =
      shape.kind === 'object'
        ? shape.entries[step]
        : shape.kind === 'array'
          ? shape.item
          : shape.kind === 'record'
            ? shape.value
            : undefined;
    if (next === undefined) break;
    current = next;
    if (markOf(current).unit === true) unit = path.slice(0, depth + 1);
  }
  return unit;
}

/** A copy in which the value at the path is null; everything else is shared. */
function withNullAt(value: unknown, path: FieldPath): unknown {
  const [step, ...rest] = path;
  if (step === undefined) return null;
  if (Array.isArray(value)) return value.with(Number(step), withNullAt(value[Number(step)], rest));
  if (isMapping(value)) return { ...value, [step]: withNullAt(value[step], rest) };
  return value;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
