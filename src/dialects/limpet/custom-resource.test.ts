import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import * as v from 'valibot';
import { parse } from 'yaml';
import { listFields } from '../../resources/schema-shape.ts';
import { sessionPolicySpec } from './schema-session-policy.ts';

/** As much of an OpenAPI schema as the file uses. */
interface ApiSchema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, ApiSchema>>;
  readonly required?: readonly string[];
  readonly items?: ApiSchema;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly description?: string;
}

const FILE = join(import.meta.dirname, '../../../deploy/crds/limpet.dev_sessionpolicies.yaml');
const crd = parse(readFileSync(FILE, 'utf8')) as {
  metadata: { name: string };
  spec: {
    group: string;
    names: { kind: string; plural: string };
    versions: { name: string; schema: { openAPIV3Schema: ApiSchema } }[];
  };
};
const schema = crd.spec.versions[0]?.schema.openAPIV3Schema.properties?.['spec'] ?? {};

function accepts(api: ApiSchema, value: unknown): boolean {
  switch (api.type) {
    case 'object': {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
      const keys = Object.keys(value);
      if (keys.length < (api.minProperties ?? 0) || keys.length > (api.maxProperties ?? 99)) return false;
      if (!(api.required ?? []).every((key) => keys.includes(key))) return false;
      return Object.entries(value).every(([key, member]) => {
        const inner = api.properties?.[key];
        return inner === undefined || accepts(inner, member);
      });
    }
    case 'array':
      return (
        Array.isArray(value) &&
        value.length >= (api.minItems ?? 0) &&
        value.length <= (api.maxItems ?? 99) &&
        value.every((item) => accepts(api.items ?? {}, item))
      );
    case 'string':
      return (
        typeof value === 'string' &&
        value.length >= (api.minLength ?? 0) &&
        value.length <= (api.maxLength ?? 1e6) &&
        (api.enum?.includes(value) ?? true) &&
        new RegExp(api.pattern ?? '').test(value)
      );
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
    case 'number':
      return (
        typeof value === 'number' &&
        (api.type === 'number' || Number.isInteger(value)) &&
        value >= (api.minimum ?? -Infinity) &&
        value <= (api.maximum ?? Infinity)
      );
    default:
      throw new Error(`the test knows no type ${api.type}`);
  }
}

/** Every innermost field, in the form of listFields. */
function fieldsOf(api: ApiSchema, path: string): string[] {
  if (api.type === 'array') return fieldsOf(api.items ?? {}, `${path}[]`);
  const properties = Object.entries(api.properties ?? {});
  if (properties.length === 0) return [path];
  return properties.flatMap(([key, inner]) => fieldsOf(inner, `${path}.${key}`));
}

/** Schemas without a type are not structural, and a cluster refuses them. */
function* untyped(api: ApiSchema, path: string): Generator<string> {
  if (api.type === undefined) yield path;
  if (api.items !== undefined) yield* untyped(api.items, `${path}[]`);
  for (const [key, inner] of Object.entries(api.properties ?? {})) yield* untyped(inner, `${path}.${key}`);
}

describe('the CustomResourceDefinition', () => {
  it('is named after its kind, and structural', () => {
    assert.equal(crd.metadata.name, `${crd.spec.names.plural}.${crd.spec.group}`);
    assert.deepEqual([crd.spec.group, crd.spec.names.kind], ['limpet.dev', 'SessionPolicy']);
    assert.deepEqual([...untyped(schema, 'spec')], []);
  });

  it('has the fields of our schema and no others', () => {
    const ours = listFields(sessionPolicySpec, 'spec').map(({ path }) => path);
    assert.deepEqual(fieldsOf(schema, 'spec').toSorted(), ours.toSorted());
  });

  const base = { targetRefs: [{ kind: 'Service', name: 'cart' }], carrier: [{ cookie: { name: 'a' } }] };
  const good: readonly object[] = [
    {},
    { targetRefs: [{ group: 'g', kind: 'HTTPRoute', namespace: 'n', name: 'x', sectionName: 's', port: 1 }] },
    { carrier: [{ cookie: { name: '__Host-a', path: '/', domain: '', sameSite: 'Strict', secure: 'always' } }] },
    { carrier: [{ cookie: { name: 'a', path: '/x', domain: '.a.b', sameSite: 'Unset', httpOnly: false } }] },
    { carrier: [{ cookie: { name: 'a', partitioned: true, persistent: true, secure: 'scheme' } }] },
    { carrier: [{ header: { name: 'x-a' } }, { appCookie: { name: 'b' } }, { envelope: { header: 'x-b' } }] },
    { token: 'address', identity: 'name', acceptAddressTokens: true, keys: { secretRef: { name: 'k' } } },
    { idleTimeout: '30m', absoluteTimeout: '1h30m', drain: { deadline: '0s' } },
    { fallback: { header: { name: ':path' } } },
    { fallback: { cookie: { name: 'a' }, query: { name: 'q' }, sourceIp: {} } },
    { fallback: { sourceIp: { ipv4PrefixLength: 24, ipv6PrefixLength: 48 } } },
    { newSessions: 'ringHash', ringHash: { minimumSize: 1, maximumSize: 8388608 } },
    { newSessions: 'maglev', maglev: { tableSize: 251 }, maxSessionsPerEndpoint: 1 },
    { slowStart: { window: '30s', aggression: 0.5, minWeightPercent: 0 } },
    { onLost: { rehome: {} }, lostHeader: 'x-lost' },
    { onLost: { fail: {} } },
    { onLost: { fail: { status: 599, retryAfter: '5s' } } },
    { rebalance: {}, drain: {} },
    { rebalance: { idleFor: '5m', whenAbove: 1, maxPerMinute: 1 } },
    { carrier: [], minimizeMoves: true },
  ];
  const bad: readonly object[] = [
    { targetRefs: [] },
    { carrier: [{}] },
    { carrier: [{ cookie: { name: 'a' }, header: { name: 'b' } }] },
    { carrier: [{ cookie: {} }] },
    { carrier: [{ cookie: { name: 'a b' } }] },
    { carrier: [{ cookie: { name: 'a', path: 'x' } }] },
    { carrier: [{ cookie: { name: 'a', path: '/;' } }] },
    { carrier: [{ cookie: { name: 'a', sameSite: 'lax' } }] },
    { carrier: [{ cookie: { name: 'a', secure: true } }] },
    { carrier: [{ cookie: { name: 'a', httpOnly: 'yes' } }] },
    { carrier: [{ header: { name: 'x:a' } }] },
    { carrier: [{ appCookie: { name: '' } }] },
    { carrier: [{ envelope: {} }] },
    { token: 'clear' },
    { identity: 'ip' },
    { keys: {} },
    { keys: { secretRef: { name: '' } } },
    { acceptAddressTokens: 1 },
    { idleTimeout: '8 hours' },
    { absoluteTimeout: '1.5h' },
    { drain: { deadline: 'soon' } },
    { fallback: {} },
    { fallback: { header: { name: ':host' } } },
    { fallback: { query: { name: '' } } },
    { fallback: { sourceIp: { ipv4PrefixLength: 33 } } },
    { fallback: { sourceIp: { ipv6PrefixLength: 0 } } },
    { newSessions: 'fewest' },
    { ringHash: { minimumSize: 0 } },
    { maglev: { tableSize: 1 } },
    { maxSessionsPerEndpoint: 0 },
    { slowStart: {} },
    { slowStart: { window: '1s', aggression: 0 } },
    { slowStart: { window: '1s', minWeightPercent: 101 } },
    { onLost: {} },
    { onLost: { rehome: {}, fail: {} } },
    { onLost: { fail: { status: 200 } } },
    { onLost: { fail: { retryAfter: 5 } } },
    { lostHeader: 'a b' },
    { rebalance: { whenAbove: 0.9 } },
    { rebalance: { maxPerMinute: 0 } },
    { minimizeMoves: 'yes' },
  ];

  it('takes what our schema takes, and refuses what it refuses', () => {
    for (const [isGood, samples] of [
      [true, good],
      [false, bad],
    ] as const) {
      for (const sample of samples) {
        const spec = { ...base, ...sample };
        assert.equal(accepts(schema, spec), isGood, `the file: ${JSON.stringify(sample)}`);
        const empty = 'targetRefs' in sample && Array.isArray(sample.targetRefs) && sample.targetRefs.length === 0;
        // That a list is empty is told by decode, which sees it as written.
        if (!empty) assert.equal(v.is(sessionPolicySpec, spec), isGood, `our schema: ${JSON.stringify(sample)}`);
      }
    }
  });
});
