import type { Diagnostic } from '../../diagnostics/diagnostic.ts';
import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { FieldPath } from '../../resources/resource.ts';
import { UNKNOWN } from './rules-guards.ts';

/** A diagnostic with the field that it is about. */
export interface PlacedDiagnostic {
  readonly diagnostic: Diagnostic;
  readonly path: FieldPath;
  /** A rule has found it, not the schema. */
  readonly isRule: boolean;
}

/** The schema's words for a value of another type than wanted, and the rule's for none. */
const WRONG_TYPE = / (?:must be (?:text|a number|true or false|a mapping|a list), not .*|is empty|has no value)$/s;
const NO_EFFECT = /^It has no effect\. ?/;

/**
 * Reports each mistake once. A rule reads a value of a wrong type as if there were none, so what it then finds around it
 * follows from the type; and what an unknown field costs is told with the field.
 */
export function reportOnce(found: readonly PlacedDiagnostic[], sink: DiagnosticSink): void {
  const wrong = found.filter(({ diagnostic }) => WRONG_TYPE.test(diagnostic.message));
  const emptied = wrong.filter(({ diagnostic }) => diagnostic.message.endsWith(' is empty')).map(({ path }) => path);
  const unknown = found.filter(({ diagnostic }) => diagnostic.code === 'unknown-field');
  const costs = found.filter(isCost);
  for (const one of found) {
    const { diagnostic, path, isRule } = one;
    const isWrong = wrong.includes(one);
    if (isRule && !isWrong && wrong.some((other) => isNear(other.path, path))) continue;
    if (isWrong && diagnostic.message.endsWith(', not null') && emptied.some((other) => isSame(other, path))) continue;
    if (isCost(one) && unknown.some((other) => isSame(other.path, path))) continue;
    const cost = diagnostic.code === 'unknown-field' && costs.find((other) => isSame(other.path, path));
    if (!cost) sink.add(diagnostic);
    else {
      const help = `${diagnostic.help.replace(NO_EFFECT, '')} ${cost.diagnostic.help}`.trimStart();
      sink.add({ ...diagnostic, help });
    }
  }
}

function isCost({ diagnostic, isRule }: PlacedDiagnostic): boolean {
  return isRule && diagnostic.message.endsWith(UNKNOWN);
}

/** Whether one is around or within the other, or both are fields of one block inside the spec. */
function isNear(wrong: FieldPath, path: FieldPath): boolean {
  if (isAround(wrong, path) || isAround(path, wrong)) return true;
  return wrong.length > 2 && wrong.length === path.length && isAround(wrong.slice(0, -1), path);
}

function isAround(outer: FieldPath, path: FieldPath): boolean {
  return outer.length <= path.length && outer.every((step, index) => step === path[index]);
}

function isSame(a: FieldPath, b: FieldPath): boolean {
  return a.length === b.length && isAround(a, b);
}
