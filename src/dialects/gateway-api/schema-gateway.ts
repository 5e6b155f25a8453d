import { gatewayHostnameProblem } from '../../resources/host-names.ts';
import {
  anything,
  ignored,
  list,
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
  unsupported,
  withDefault,
} from '../../resources/schema.ts';

export interface GatewaySpec {
  readonly gatewayClassName: string;
  readonly listeners: readonly (ListenerSpec | null)[];
}

export interface ListenerSpec {
  readonly name: string;
  /** null: every host. */
  readonly hostname: string | null;
  readonly port: number;
  readonly protocol: string;
  readonly allowedRoutes: AllowedRoutes;
}

export interface AllowedRoutes {
  readonly namespaces: { readonly from: 'Same' | 'All' | 'Selector' | 'None'; readonly selector: LabelSelector | null };
  readonly kinds: readonly { readonly group: string; readonly kind: string }[];
}

export interface LabelSelector {
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly matchExpressions: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values: readonly string[];
  }[];
}

const selector = object<LabelSelector>({
  matchLabels: textMap,
  matchExpressions: list(
    object<LabelSelector['matchExpressions'][number]>({
      key: nonEmptyText,
      operator: oneOf('In', 'NotIn', 'Exists', 'DoesNotExist'),
      values: texts,
    }),
  ),
});

const SAME = { from: 'Same', selector: null } as const;
const namespaces = object<AllowedRoutes['namespaces']>({
  from: withDefault<AllowedRoutes['namespaces']['from']>(oneOf('Same', 'All', 'Selector', 'None'), 'Same'),
  selector: maybe(selector),
});

const allowedRoutes = object<AllowedRoutes>({
  namespaces: withDefault<AllowedRoutes['namespaces']>(namespaces, SAME),
  kinds: list(
    object<{ group: string; kind: string }>({
      group: withDefault(text, 'gateway.networking.k8s.io'),
      kind: nonEmptyText,
    }),
  ),
});

const listener = object<ListenerSpec>(
  {
    name: nonEmptyText,
    hostname: maybe(problem(text, (name) => (name === '' ? null : gatewayHostnameProblem(name)))),
    port: portNumber,
    protocol: nonEmptyText,
    allowedRoutes: withDefault<AllowedRoutes>(allowedRoutes, { namespaces: SAME, kinds: [] }),
  },
  { tls: unsupported('TLS listeners are not served') },
);

export const gatewaySpec: Schema<GatewaySpec> = object<GatewaySpec>(
  { gatewayClassName: nonEmptyText, listeners: units(listener) },
  {
    addresses: ignored('Limpet listens where it is told to on its command line'),
    infrastructure: ignored('Limpet makes no objects of its own'),
    allowedListeners: unsupported('ListenerSets are not read'),
    backendTLS: unsupported('endpoints are spoken to in plain text'),
    tls: unsupported('TLS listeners are not served'),
  },
);

export interface GatewayClassSpec {
  readonly controllerName: string;
}

export const gatewayClassSpec: Schema<GatewayClassSpec> = object<GatewayClassSpec>(
  { controllerName: nonEmptyText },
  { description: anything, parametersRef: ignored('Limpet has no parameters of this kind') },
);

export interface ReferenceGrantSpec {
  readonly from: readonly { readonly group: string; readonly kind: string; readonly namespace: string }[];
  readonly to: readonly { readonly group: string; readonly kind: string; readonly name: string | null }[];
}

export const referenceGrantSpec: Schema<ReferenceGrantSpec> = object<ReferenceGrantSpec>({
  from: list(object<ReferenceGrantSpec['from'][number]>({ group: text, kind: nonEmptyText, namespace: nonEmptyText })),
  to: list(object<ReferenceGrantSpec['to'][number]>({ group: text, kind: nonEmptyText, name: maybe(text) })),
});
