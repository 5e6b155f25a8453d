import type { DiagnosticSink } from '../../diagnostics/sink.ts';
import type { Model } from '../../model/model.ts';
import type { ResourceSet } from '../../resources/resource-set.ts';
import type { IsSessionTarget, ServicePortRef } from '../../resources/session-targets.ts';
import { attachPolicies } from './attach-routes.ts';
import { reportCookiePlaces } from './resolve-cookies.ts';
import { resolvePolicies } from './resolve-policies.ts';

/** Kinds that this dialect reads. */
export const LIMPET_KINDS: readonly (readonly [group: string, kind: string])[] = [['limpet.dev', 'SessionPolicy']];

/** The SessionPolicies of a configuration, resolved before the other dialects translate and attached after. */
export interface SessionPolicies {
  readonly isTarget: IsSessionTarget;
  /** `services`: what clusters stand for, by their names. */
  attach(model: Model, services: ReadonlyMap<string, ServicePortRef>): Model;
  /** Texts of the key rings that the model names, by the rings' names. They hold secrets. */
  readonly keyRings: ReadonlyMap<string, string>;
}

/** What the SessionPolicies say, whichever dialect their targets are of (docs/dialects/limpet.md). */
export function resolveSessionPolicies(resources: ResourceSet, sink: DiagnosticSink): SessionPolicies {
  const attachments = resolvePolicies(resources, sink);
  return {
    isTarget: attachments.isTarget,
    keyRings: attachments.keyRings,
    attach: (model, services) => {
      if (attachments.all.length === 0) return model;
      const attached = attachPolicies(model, { resources, attachments, services, sink });
      reportCookiePlaces(attached, resources, sink);
      return attached;
    },
  };
}
