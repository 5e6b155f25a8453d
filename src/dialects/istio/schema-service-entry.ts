import { canonicalIp } from '../../model/address.ts';
import { wildcardName } from '../../resources/host-names.ts';
import {
  check,
  droppable,
  ignored,
  integer,
  list,
  mapOf,
  maybe,
  nonEmptyText,
  object,
  oneOf,
  portNumber,
  problem,
  type Schema,
  text,
  textMap,
  texts,
  units,
  withDefault,
} from '../../resources/schema.ts';
import { duplicate, exportTo } from './schema-common.ts';

export interface ServiceEntrySpec {
  readonly hosts: readonly string[];
  readonly ports: readonly (ServiceEntryPort | null)[];
  readonly resolution: 'NONE' | 'STATIC' | 'DNS' | 'DNS_ROUND_ROBIN' | 'DYNAMIC_DNS';
  readonly endpoints: readonly (Workload | null)[];
  readonly workloadSelector: { readonly labels: Readonly<Record<string, string>> } | null;
  readonly exportTo: readonly string[];
  readonly subjectAltNames: readonly string[];
}

export interface ServiceEntryPort {
  readonly number: number;
  readonly name: string;
  readonly protocol: string;
  readonly targetPort: number | null;
}

/** An endpoint of a ServiceEntry, and the spec of a WorkloadEntry. */
export interface Workload {
  readonly address: string;
  /** By the name of the ServiceEntry's port. */
  readonly ports: Readonly<Record<string, number>>;
  readonly labels: Readonly<Record<string, string>>;
  /** 0: not set. */
  readonly weight: number;
  /** `region/zone/subzone`. */
  readonly locality: string;
}

const port = object<ServiceEntryPort>({
  number: portNumber,
  name: withDefault(text, ''),
  protocol: withDefault(text, ''),
  targetPort: maybe(portNumber),
});

const workload = object<Workload>(
  {
    address: nonEmptyText,
    ports: mapOf(portNumber),
    labels: textMap,
    weight: withDefault(integer(0, 4294967295), 0),
    locality: withDefault(text, ''),
  },
  { network: ignored('one network is assumed'), serviceAccount: ignored('endpoints are spoken to in plain text') },
);

export const workloadEntrySpec: Schema<Workload> = workload;

const entry = object<ServiceEntrySpec>(
  {
    hosts: check(list(wildcardName), (hosts) => hosts.length > 0, 'must have at least one host'),
    ports: problem(
      units(port),
      (ports) =>
        duplicate(
          ports.map((one) => one?.name || null),
          'port name',
        ) ??
        duplicate(
          ports.map((one) => (one === null ? null : String(one.number))),
          'port',
        ),
    ),
    resolution: withDefault(oneOf('NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'), 'NONE'),
    endpoints: units(workload),
    workloadSelector: droppable(object<{ labels: Readonly<Record<string, string>> }>({ labels: textMap })),
    exportTo,
    subjectAltNames: texts,
  },
  {
    addresses: ignored('a gateway routes by name'),
    location: ignored('a gateway treats both kinds alike'),
  },
);

export const serviceEntrySpec: Schema<ServiceEntrySpec> = problem(entry, ({ resolution, endpoints }) => {
  if (resolution !== 'STATIC') return null;
  const named = endpoints.find((one) => one !== null && canonicalIp(one.address) === null);
  return named == null ? null : `must have addresses as endpoints where resolution is STATIC, not ${named.address}`;
});
