import { translate } from '../../../src/control/translate.ts';
import { parseResources } from '../../../src/resources/resources.ts';
import type { Tally } from '../replay/tally.ts';
import { resourceAt } from './input-objects.ts';

/** What Istio's schemas and its webhook said of one object of a configuration. */
interface Verdict {
  readonly kind: string;
  /** `namespace/name`. */
  readonly name: string;
  /** null: it passed. */
  readonly crdSchema: readonly string[] | null;
  readonly webhook: { readonly allowed: boolean; readonly warnings?: readonly string[] };
}

/** A recording of verdicts, in the place of what istiod makes of a configuration. */
export interface RecordedVerdicts {
  readonly documents: readonly Verdict[];
}

/** Compares what is an error and what draws a remark with what Istio refused and warned about. */
export function judgeVerdicts(name: string, input: string, { documents }: RecordedVerdicts, tally: Tally): void {
  tally.case(name, () => {
    const parsed = parseResources([{ source: 'input.yaml', text: input }]);
    const found = [...parsed.diagnostics, ...translate(parsed.resources).diagnostics];
    const remarks = found.map(({ severity, location }) => ({ severity, about: resourceAt(input, location.line) }));
    for (const { kind, name: object, crdSchema, webhook } of documents) {
      const about = `${kind} ${object}`;
      const own = documents.length === 1 ? remarks : remarks.filter((remark) => remark.about === about);
      const isRefused = crdSchema !== null || !webhook.allowed;
      tally.check(
        `${about} is refused`,
        own.some(({ severity }) => severity === 'error'),
        isRefused,
      );
      if (!webhook.warnings?.length || isRefused) continue;
      tally.check(
        `${about} draws a warning`,
        own.some(({ severity }) => severity === 'warning'),
        true,
      );
    }
  });
}
