import { nearestName } from '../../resources/nearest-name.ts';
import type { Schema } from '../../resources/schema.ts';
import { shapeOf } from '../../resources/schema-shape.ts';
import type { Findings, Rules, Written } from '../../resources/written.ts';

/**
 * An unknown field costs nothing by itself (decision 060), unless what it stands in then serves, trusts or lets in more
 * than it was written for. Such a field costs what a wrong value in its place would (decision 061).
 */
export const guardRules: Readonly<Record<string, (schema: Schema<unknown>) => Rules>> = {
  Gateway: guardGateway,
  VirtualService: guardVirtualService,
  DestinationRule: guardDestinationRule,
  ServiceEntry: (schema) => (resource, findings) =>
    guardNames(schema, resource.at('spec'), ['subjectAltNames'], findings),
};

/** How the fault of such a field is worded. */
export const UNKNOWN = 'is a field that nobody knows';

function guardGateway(schema: Schema<unknown>): Rules {
  return (resource, findings) => {
    const spec = resource.at('spec');
    const servers = innerSchema(schema, 'servers');
    guardNames(schema, spec, ['selector'], findings);
    for (const server of spec.at('servers').items) {
      guardNames(servers, server, ['tls', 'bind'], findings);
      guardWhole(innerSchema(servers, 'tls'), server.at('tls'), findings);
    }
  };
}

function guardVirtualService(schema: Schema<unknown>): Rules {
  return (resource, findings) => {
    const spec = resource.at('spec');
    guardNames(schema, spec, ['exportTo'], findings);
    for (const kind of ['http', 'tls', 'tcp']) {
      const rules = innerSchema(schema, kind);
      for (const rule of spec.at(kind).items) {
        guardNames(rules, rule, ['match'], findings);
        for (const match of rule.at('match').items) guardWhole(innerSchema(rules, 'match'), match, findings);
        if (rule.at('fault').isSet)
          guardWhole(innerSchema(innerSchema(rules, 'fault'), 'abort'), rule.at('fault').at('abort'), findings);
      }
    }
  };
}

function guardDestinationRule(schema: Schema<unknown>): Rules {
  return (resource, findings) => {
    const spec = resource.at('spec');
    guardNames(schema, spec, ['exportTo', 'workloadSelector'], findings);
    guardTls(schema, spec, findings);
  };
}

/** Every `tls` from here on, under whatever name it was meant to stand. */
function guardTls(schema: Schema<unknown>, field: Written, findings: Findings): void {
  for (const item of field.items) guardTls(schema, item, findings);
  const known = fieldNames(schema);
  if (known.length === 0) return;
  guardNames(schema, field, ['tls'], findings);
  for (const [key, member] of field.entries) {
    if (key === 'tls') guardWhole(innerSchema(schema, key), member, findings);
    else if (known.includes(key)) guardTls(innerSchema(schema, key), member, findings);
    else if (mentionsTls(member)) refuse(member, findings);
  }
}

/** Whether a field of this name, sound or not, stands anywhere within. */
export function mentionsTls(field: Written): boolean {
  return (
    field.items.some(mentionsTls) ||
    field.entries.some(([key, member]) => nearestName(key, ['tls']) !== null || mentionsTls(member))
  );
}

/** Unknown fields that are likely meant for one of `names`. */
function guardNames(schema: Schema<unknown>, field: Written, names: readonly string[], findings: Findings): void {
  const known = fieldNames(schema);
  for (const [key, member] of field.entries) {
    const meant = known.includes(key) ? null : nearestName(key, known);
    if (meant !== null && names.includes(meant) && !field.at(meant).isSet) refuse(member, findings);
  }
}

/** Any unknown field within. */
function guardWhole(schema: Schema<unknown>, field: Written, findings: Findings): void {
  const shape = shapeOf(schema);
  if (shape.kind === 'array') for (const item of field.items) guardWhole(shape.item, item, findings);
  if (shape.kind === 'record') for (const [, member] of field.entries) guardWhole(shape.value, member, findings);
  if (shape.kind !== 'object') return;
  for (const [key, member] of field.entries) {
    const inner = Object.hasOwn(shape.entries, key) ? shape.entries[key] : undefined;
    if (inner === undefined) refuse(member, findings);
    else guardWhole(inner, member, findings);
  }
}

function refuse(field: Written, findings: Findings): void {
  findings.refuse(field, UNKNOWN, '', 'key');
}

function fieldNames(schema: Schema<unknown>): readonly string[] {
  const shape = shapeOf(schema);
  return shape.kind === 'object' ? Object.keys(shape.entries) : [];
}

/** The schema of a field, or of the items of a list. */
function innerSchema(schema: Schema<unknown>, name: string): Schema<unknown> {
  const shape = shapeOf(schema);
  const inner = shape.kind === 'object' ? shape.entries[name] : undefined;
  if (inner === undefined) return schema;
  const { kind, ...rest } = shapeOf(inner);
  return kind === 'array' && 'item' in rest ? rest.item : inner;
}
