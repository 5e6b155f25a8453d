import type { Endpoint } from '../../model/cluster.ts';
import type { Host, HostState } from '../host.ts';
import type { EndpointName } from '../token/opened-token.ts';

/**
 * What tokens and rendezvous hashing call an endpoint: its pod's uid, or with `name` its pod's name. Where the source
 * does not know the one, the next of uid, name and address.
 */
export function identityOf(endpoint: Endpoint, by: 'uid' | 'name'): EndpointName {
  const { uid, namespace, name } = endpoint.identity;
  if (by === 'uid' && uid !== '') return { kind: 'uid', text: uid };
  if (name !== '') return { kind: 'name', text: `${namespace}/${name}` };
  return uid === '' ? { kind: 'address', text: endpoint.address } : { kind: 'uid', text: uid };
}

/** Whether the source knows which pod the endpoint is. */
export function isKnownPod({ identity }: Endpoint): boolean {
  return identity.uid !== '' || identity.name !== '';
}

/** The hosts of a cluster by all their names; of hosts that share one, the first. */
export class IdentityIndex<S extends HostState> {
  readonly #hosts = new Map<string, Host<S>>();

  constructor(hosts: readonly Host<S>[]) {
    for (const host of hosts) {
      const { address, identity } = host.endpoint;
      this.#add('address', address, host);
      if (identity.uid !== '') this.#add('uid', identity.uid, host);
      if (identity.name !== '') this.#add('name', `${identity.namespace}/${identity.name}`, host);
    }
  }

  find({ kind, text }: EndpointName): Host<S> | undefined {
    return this.#hosts.get(`${kind} ${text}`);
  }

  #add(kind: EndpointName['kind'], text: string, host: Host<S>): void {
    const key = `${kind} ${text}`;
    if (!this.#hosts.has(key)) this.#hosts.set(key, host);
  }
}
