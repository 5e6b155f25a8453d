import { compareText, type Resource } from './resource.ts';

/** What a source holds, by identity. The order of the source's documents plays no part: listings are sorted. */
export class ResourceSet {
  readonly all: readonly Resource[];
  readonly #byKey: ReadonlyMap<string, Resource>;
  readonly #byKind: ReadonlyMap<string, readonly Resource[]>;

  /** `resources` must be free of duplicates (parseResources reports and drops them). */
  constructor(resources: readonly Resource[]) {
    this.all = resources.toSorted((a, b) => compareText(identityOf(a), identityOf(b)));
    this.#byKey = new Map(this.all.map((resource) => [identityOf(resource), resource]));
    this.#byKind = Map.groupBy(this.all, (resource) => kindKey(resource.group, resource.kind));
  }

  /** Every resource of a kind, whatever its version, sorted by namespace and name. */
  ofKind(group: string, kind: string): readonly Resource[] {
    return this.#byKind.get(kindKey(group, kind)) ?? [];
  }

  get(group: string, kind: string, namespace: string, name: string): Resource | undefined {
    return this.#byKey.get(`${kindKey(group, kind)}/${namespace}/${name}`);
  }

  /** Whether any resource of the group is there. */
  hasGroup(group: string): boolean {
    return this.all.some((resource) => resource.group === group);
  }
}

/** The version is no part of it: `networking.istio.io/v1` and `/v1beta1` name the same object, as in Kubernetes. */
export function identityOf(resource: Resource): string {
  return `${kindKey(resource.group, resource.kind)}/${resource.metadata.namespace}/${resource.metadata.name}`;
}

function kindKey(group: string, kind: string): string {
  return `${group}/${kind}`;
}
