import {
  droppable,
  ignored,
  list,
  mapOf,
  maybe,
  object,
  oneOf,
  portNumber,
  required,
  type Schema,
  text,
  textMap,
  texts,
  units,
  withDefault,
} from '../../resources/schema.ts';
import { exportTo, limitedList, limitedText, UINT32 } from './schema-common.ts';

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
  name: limitedText(256),
  protocol: withDefault(limitedText(256), ''),
  targetPort: maybe(portNumber),
});

const workload = object<Workload>(
  {
    address: withDefault(limitedText(256), ''),
    ports: mapOf(portNumber),
    labels: textMap,
    weight: withDefault(UINT32, 0),
    locality: withDefault(limitedText(2048), ''),
  },
  {
    network: ignored('one network is assumed', limitedText(2048)),
    serviceAccount: ignored('endpoints are spoken to in plain text', limitedText(253)),
  },
);

export const workloadEntrySpec: Schema<Workload> = workload;

export const serviceEntrySpec: Schema<ServiceEntrySpec> = object<ServiceEntrySpec>(
  {
    hosts: limitedList(required(text), 256),
    ports: limitedList(units(port), 256),
    resolution: withDefault(oneOf('NONE', 'STATIC', 'DNS', 'DNS_ROUND_ROBIN', 'DYNAMIC_DNS'), 'NONE'),
    endpoints: limitedList(units(workload), 4096),
    workloadSelector: droppable(object<{ labels: Readonly<Record<string, string>> }>({ labels: textMap })),
    exportTo,
    subjectAltNames: texts,
  },
  {
    addresses: ignored('a gateway routes by name', limitedList(list(limitedText(64)), 256)),
    location: ignored('a gateway treats both kinds alike', oneOf('MESH_EXTERNAL', 'MESH_INTERNAL')),
  },
);
