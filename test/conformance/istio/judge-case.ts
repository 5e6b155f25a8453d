import { translate } from '../../../src/control/translate.ts';
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import { DiagnosticSink } from '../../../src/diagnostics/sink.ts';
import type { Model } from '../../../src/model/model.ts';
import { parseResources } from '../../../src/resources/resources.ts';
import { toXds } from '../../../src/xds/xds.ts';
import type { Tally } from '../replay/tally.ts';
import { BETTERMENTS } from './betterments.ts';
import { EXCEPTIONS } from './exceptions.ts';
import { toIstioOptions, toMeshManifest } from './gateway-settings.ts';
import { delegatesOf, resourceAt } from './input-objects.ts';
import { canonical, type Json, leavesOf } from './json.ts';
import { toNormalForm } from './normal-form.ts';
import { probe } from './probes.ts';
import { type Projection, project } from './project.ts';
import type { RecordedCase } from './recorded-case.ts';

/** Translates a case and compares every field with what istiod made of it. */
export function judgeCase(recorded: RecordedCase, tally: Tally): void {
  tally.case(recorded.name, () => {
    const { model, diagnostics, actual } = convert(recorded);
    compare(actual, recorded, tally);
    for (const { request, result } of recorded.expected.probes ?? []) {
      tally.check(`probe ${canonical(request)}`, probe(model, request), result);
    }
    const own = diagnostics.filter(({ location }) => location.source === 'input.yaml');
    const about = new Set(own.map(({ location }) => resourceAt(recorded.input, location.line)));
    for (const warning of recorded.expected.warnings ?? []) {
      const [, resource = ''] = /^(\S+ \S+):/.exec(warning) ?? [];
      if (about.has(resource)) tally.check(`warning about ${resource}`, true, true);
      else tally.fail(`warning about ${resource}`, `no remark on it, recorded "${warning}"`);
    }
  });
}

function convert({ input, case: settings }: RecordedCase): {
  readonly model: Model;
  readonly diagnostics: readonly Diagnostic[];
  readonly actual: Projection;
} {
  const options = toIstioOptions(settings);
  const parsed = parseResources([
    { source: 'input.yaml', text: input },
    { source: 'mesh.yaml', text: toMeshManifest(settings) },
  ]);
  const { model, diagnostics } = translate(parsed.resources, { istio: options });
  const resources = toXds(model, new DiagnosticSink(), options.namespace);
  return { model, diagnostics: [...parsed.diagnostics, ...diagnostics], actual: project(resources) };
}

function compare(projection: Projection, { input, expected }: RecordedCase, tally: Tally): void {
  const { clusters, endpoints, listeners, routes, warnings, probes, istioVersion, ...unknown } = expected;
  tally.check('fields of the recording', Object.keys(unknown), []);
  const actual = toNormalForm(projection);
  const recorded = toNormalForm(structuredClone({ clusters, endpoints, listeners, routes }));
  const delegates = delegatesOf(input);
  for (const { apply } of EXCEPTIONS) apply(recorded, actual, delegates);
  for (const { apply } of BETTERMENTS) for (let count = apply(actual, recorded); count > 0; count--) tally.better();
  const ours = leavesOf(actual as unknown as Json);
  const theirs = leavesOf(recorded as unknown as Json);
  for (const path of new Set([...theirs.keys(), ...ours.keys()])) tally.check(path, ours.get(path), theirs.get(path));
}
