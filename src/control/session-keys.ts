import { formatKeyEntries } from '../affinity/token/key-ring-text.ts';
import { virtualHostsOf } from '../model/listener.ts';
import type { Model } from '../model/model.ts';
import { watchPaths } from '../sources/file/watch-paths.ts';
import {
  createKeyEntry,
  isReadableByAll,
  KeyFileProblem,
  makeKeyFile,
  readKeyFile,
} from '../sources/session-keys/key-file.ts';
import type { Log } from '../telemetry/log.ts';

export interface SessionKeyOptions {
  readonly path: string;
  /** The user named no file: it is made where there is none, and not before a session needs it. */
  readonly isDefault: boolean;
}

export interface SessionKeysOptions extends SessionKeyOptions {
  readonly now: () => number;
  readonly log: Log;
  /** Gets the file's text at first and after each change. */
  readonly onKeys: (text: string) => void;
}

/** The key ring that the process was started with: read from its file, and read again whenever that changes. */
export class SessionKeys {
  readonly #options: SessionKeysOptions;
  #text = '';
  #complaint = '';
  #watcher: AsyncDisposable | null = null;

  constructor(options: SessionKeysOptions) {
    this.#options = options;
  }

  /** Reads the file if the user named it, or `model` has sessions under it. Throws KeyFileProblem for a file that was named. */
  require(model: Model | null): void {
    const { isDefault, path, log } = this.#options;
    if (this.#text !== '' || (isDefault && (model === null || !needsKeys(model)))) return;
    const text = isDefault ? this.#readDefault() : readKeyFile(path);
    if (isReadableByAll(path)) {
      log.warn({ file: path }, 'every user of this machine can read the session keys: chmod o-r the file');
    }
    this.#take(text);
  }

  /** Looks whether the file has changed; keys that serve are kept when it can't be read. */
  reload(): void {
    if (this.#text === '') return;
    try {
      const text = readKeyFile(this.#options.path);
      this.#complaint = '';
      if (text === this.#text) return;
      this.#take(text);
      this.#options.log.info({ file: this.#options.path }, 'session keys have been read again');
    } catch (error) {
      if (!(error instanceof KeyFileProblem)) throw error;
      if (this.#complaint === error.message) return;
      this.#complaint = error.message;
      this.#options.log.error({ error: error.message }, 'the session keys that serve stay');
    }
  }

  watch(): void {
    this.#watcher ??= watchPaths([this.#options.path], false, async () => this.reload());
  }

  async close(): Promise<void> {
    await this.#watcher?.[Symbol.asyncDispose]();
  }

  #take(text: string): void {
    this.#text = text;
    this.#options.onKeys(text);
  }

  /** Made once and used by all gateways of the user from then on. */
  #readDefault(): string {
    const { path, now, log } = this.#options;
    const entry = createKeyEntry(Math.floor(now() / 1000));
    try {
      if (makeKeyFile(path, [entry])) log.info({ file: path }, 'session keys have been made');
      return readKeyFile(path);
    } catch (error) {
      if (!(error instanceof KeyFileProblem)) throw error;
      log.warn({ error: error.message }, 'session keys are for this process alone: sessions end with it');
      return formatKeyEntries([entry]);
    }
  }
}

/** Whether a session of the model is sealed under the ring that the process was started with. */
function needsKeys({ listeners }: Model): boolean {
  const routes = listeners.flatMap(virtualHostsOf).flatMap((host) => host.routes);
  return routes.some(({ action }) => {
    if (action.kind !== 'forward' || action.affinity.kind !== 'strongSession') return false;
    const { token } = action.affinity.session;
    return token.kind === 'sealed' && token.keyRing === '';
  });
}
