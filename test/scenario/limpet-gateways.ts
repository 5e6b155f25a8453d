import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ReloadView } from '../../src/admin/admin-views.ts';
import { startLimpet, type TestProcess } from '../support/child-process.ts';
import { fetchFrom } from '../support/http-client.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import { GATEWAYS, type Gateways, type SharedKeys } from './gateways.ts';
import { formatShop, type Service } from './manifests.ts';
import type { Pod } from './pod-fleet.ts';

/** Until every gateway has read a key file and its workers have it. */
const TAKE_UP_MILLIS = 2_000;

/** `limpet run` three times on one folder; the last has two workers. */
export class LimpetGateways implements Gateways {
  readonly keys: SharedKeys | null;
  readonly #folder: TempDir;
  readonly #service: Service;
  readonly #running: RunningGateway[] = [];

  private constructor(folder: TempDir, service: Service) {
    this.#folder = folder;
    this.#service = service;
    this.keys = service.hasKeys ? { add: () => this.#addKey(), retire: () => this.#retireKeys() } : null;
  }

  static async start(service: Service, pods: Iterable<Pod>): Promise<LimpetGateways> {
    const gateways = new LimpetGateways(createTempDir(), service);
    try {
      gateways.#write(pods);
      if (service.hasKeys) await gateways.#keygen();
      await gateways.#runAll();
    } catch (error) {
      await gateways[Symbol.asyncDispose]();
      throw error;
    }
    return gateways;
  }

  get ports(): readonly number[] {
    return this.#running.map(({ port }) => port);
  }

  async serve(pods: Iterable<Pod>): Promise<void> {
    this.#write(pods);
    await Promise.all(this.#running.map((gateway) => gateway.reload()));
  }

  /** It is told to stop while clients use it, and finishes what runs. */
  async restart(gateway: number): Promise<void> {
    await this.#running[gateway]?.stop();
    this.#running[gateway] = await this.#run(gateway);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A place is empty where a gateway did not start.
    await Promise.all(this.#running.map((gateway) => gateway?.stop()));
    this.#folder.remove();
  }

  get #keyFile(): string {
    return join(this.#folder.path, 'keys.json');
  }

  async #keygen(...options: readonly string[]): Promise<void> {
    await using keygen = await startLimpet(['token', 'keygen', '-o', this.#keyFile, ...options]);
    if ((await keygen.exit) !== 0) throw new Error(keygen.output());
  }

  /** As an operator rotates, but for the minute that the command leaves every replica to read the file. */
  async #addKey(): Promise<void> {
    await this.#keygen('--rotate');
    const sealsFrom = new Date(Date.now() + TAKE_UP_MILLIS).toISOString();
    await this.#editKeys((keys) => [...keys.slice(0, -1), { ...keys.at(-1), sealsFrom }]);
    await delay(TAKE_UP_MILLIS);
  }

  #retireKeys(): Promise<void> {
    return this.#editKeys((keys) => keys.slice(-1));
  }

  async #editKeys(edit: (keys: readonly object[]) => readonly object[]): Promise<void> {
    const content = JSON.parse(readFileSync(this.#keyFile, 'utf8')) as { readonly keys: readonly object[] };
    writeFileSync(this.#keyFile, JSON.stringify({ ...content, keys: edit(content.keys) }));
    await Promise.all(this.#running.map((gateway) => gateway.reload()));
  }

  #write(pods: Iterable<Pod>): void {
    const written = this.#folder.write('shop/shop.yaml.new', formatShop(this.#service, pods));
    renameSync(written, join(this.#folder.path, 'shop', 'shop.yaml'));
  }

  /** One that does not start must leave the others to be ended. */
  async #runAll(): Promise<void> {
    const places = Array.from({ length: GATEWAYS }, (_, place) => place);
    const started = await Promise.allSettled(
      places.map(async (place) => {
        this.#running[place] = await this.#run(place);
      }),
    );
    for (const result of started) if (result.status === 'rejected') throw result.reason;
  }

  #run(gateway: number): Promise<RunningGateway> {
    const keys = this.#service.hasKeys ? ['--session-keys', this.#keyFile] : [];
    const workers = String(gateway === GATEWAYS - 1 ? 2 : 1);
    return RunningGateway.start(this.#folder, gateway, ['--workers', workers, ...keys]);
  }
}

class RunningGateway {
  readonly port: number;
  readonly #process: TestProcess;
  readonly #adminPort: number;

  private constructor(process: TestProcess, port: number, adminPort: number) {
    this.#process = process;
    this.port = port;
    this.#adminPort = adminPort;
  }

  static async start({ path }: TempDir, place: number, options: readonly string[]): Promise<RunningGateway> {
    const process = await startLimpet(
      [
        ...['run', '-f', join(path, 'shop'), '--port', '80=0', '--bind', '127.0.0.1', '--admin', '127.0.0.1:0'],
        ...['--access-log', 'off', '--trusted-hops', '1', ...options],
      ],
      { env: { LIMPET_STATE_DIR: join(path, `state-${place}`) } },
    );
    const [, port, adminPort] = await process.waitForLine(
      /^ready: \S+ on 127\.0\.0\.1:(\d+);.*admin on 127\.0\.0\.1:(\d+);/,
    );
    const gateway = new RunningGateway(process, Number(port), Number(adminPort));
    await gateway.reload();
    return gateway;
  }

  /** Resolves when what the files say now is served; rejects when there is a mistake in them. */
  async reload(): Promise<void> {
    const { text } = await fetchFrom({ port: this.#adminPort, method: 'POST', path: '/reload' });
    const { outcome, diagnostics } = JSON.parse(text) as ReloadView;
    const errors = diagnostics.filter(({ severity }) => severity === 'error');
    if (outcome === 'rejected' || errors.length > 0) throw new Error(`reload: ${text}`);
  }

  stop(): Promise<void> {
    return this.#process.stop(30_000);
  }
}
