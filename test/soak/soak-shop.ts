import { join } from 'node:path';
import { startHttpServer, type TestServer } from '../support/http-server.ts';
import { SHOP_GATEWAY, shopWorkload } from '../support/shop.ts';
import type { TempDir } from '../support/temp-dir.ts';

/** Carries the token that names a session's pod. */
export const SESSION_HEADER = 'x-session';
/** The pod that comes and goes; the others stay. */
export const FLAPPING_POD = 'web-flapping';
const STABLE_PODS = 4;

/** The configuration that a soak serves and changes: a service with sessions by header, pods that stay and one that flaps. */
export class SoakShop implements AsyncDisposable {
  readonly #folder: TempDir;
  readonly #pods: ReadonlyMap<string, TestServer>;
  #edits = 0;
  #flaps = 0;

  private constructor(folder: TempDir, pods: ReadonlyMap<string, TestServer>) {
    this.#folder = folder;
    this.#pods = pods;
  }

  /** Starts the pods, each of which answers with its name, and writes the files below `folder`. */
  static async start(folder: TempDir): Promise<SoakShop> {
    const names = [...Array.from({ length: STABLE_PODS }, (_, index) => `web-${index}`), FLAPPING_POD];
    const pods = new Map<string, TestServer>();
    for (const name of names) {
      pods.set(name, await startHttpServer((_request, response) => response.end(name)));
    }
    const shop = new SoakShop(folder, pods);
    shop.edit();
    const stable = Object.fromEntries([...pods].filter(([name]) => name !== FLAPPING_POD));
    const workload = shopWorkload(stable).replace(
      'metadata: {name: web, namespace: shop}',
      `metadata: {name: web, namespace: shop, labels: {istio.io/persistent-session-header: ${SESSION_HEADER}}}`,
    );
    folder.write('shop/workload.yaml', workload);
    shop.flap();
    return shop;
  }

  get path(): string {
    return join(this.#folder.path, 'shop');
  }

  /** Changes of the route so far. */
  get edits(): number {
    return this.#edits;
  }

  get flaps(): number {
    return this.#flaps;
  }

  /** Changes the route, so that every worker takes a new snapshot. */
  edit(): void {
    this.#edits++;
    this.#folder.write('shop/gateway.yaml', `${SHOP_GATEWAY}---\n${editedRoute(this.#edits)}`);
  }

  /** The flapping pod comes, is not ready, comes again, is gone, and so on. */
  flap(): void {
    const states = ['present', 'unready', 'present', 'absent'] as const;
    const state = states[this.#flaps++ % states.length];
    const pod = this.#pods.get(FLAPPING_POD) as TestServer;
    const slice = shopWorkload({ [FLAPPING_POD]: pod }).split('---\n')[1] ?? '';
    const unready = slice.replace('ready: true, serving: true', 'ready: false, serving: false');
    this.#folder.write(
      'shop/flapping.yaml',
      state === 'present' ? slice : state === 'unready' ? unready : '# not here\n',
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#pods.values()].map((pod) => pod.close()));
  }
}

function editedRoute(edit: number): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: all, namespace: shop}
spec:
  hosts: ["*"]
  gateways: [shop]
  http:
  - headers: {response: {set: {x-edit: "${edit}"}}}
    route:
    - destination: {host: web, port: {number: 8080}}
`;
}
