import type { Diagnostic, DiagnosticCode } from '../diagnostics/diagnostic.ts';
import { digest } from '../model/digest.ts';
import type { Model, Snapshot } from '../model/model.ts';
import { parseResources } from '../resources/resources.ts';
import { type TranslateOptions, type Translation, translate } from './translate.ts';

/** Text that a source holds now, and what it could not read. */
export interface SourceContent {
  readonly texts: readonly { readonly source: string; readonly text: string }[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Where configuration comes from; files today, a cluster later. */
export interface Source {
  read(): Promise<SourceContent>;
}

/** What one pass over the sources came to. */
export interface Outcome {
  /** `published`: a new snapshot. `unchanged`: same digest as before. `rejected`: broken, the last good one goes on serving. */
  readonly kind: 'published' | 'unchanged' | 'rejected';
  readonly snapshot: Snapshot | null;
  readonly diagnostics: readonly Diagnostic[];
  readonly content: SourceContent;
}

export interface ControlOptions {
  readonly sources: readonly Source[];
  readonly now: () => number;
  /** What the data plane has to say of a model, beside what is wrong with the text; absent: nothing. */
  readonly remarksOn?: (model: Model) => readonly Diagnostic[];
  /** Runs before `reload` resolves, so that a caller who awaited the reload sees it served. */
  readonly onPublish: (snapshot: Snapshot, keyRings: ReadonlyMap<string, string>) => void | Promise<void>;
  readonly onOutcome: (outcome: Outcome) => void;
  /** Absent: the defaults. */
  readonly translation?: TranslateOptions;
}

export interface Control {
  /** Reads the sources and publishes what they say. Calls that come while one runs share the one that follows it. */
  reload(): Promise<Outcome>;
  readonly snapshot: Snapshot | null;
  /** Of the newest pass, published or not. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Sources -> dialects -> snapshot, one pass at a time, keeping the last good snapshot. */
export function createControl(options: ControlOptions): Control {
  const { remarksOn = () => [] } = options;
  let snapshot: Snapshot | null = null;
  let diagnostics: readonly Diagnostic[] = [];
  let running: Promise<Outcome> | null = null;
  let following: Promise<Outcome> | null = null;

  async function pass(): Promise<Outcome> {
    const content = await readAll(options.sources);
    const parsed = parseResources(content.texts);
    const translated = translate(parsed.resources, options.translation);
    diagnostics = [
      ...content.diagnostics,
      ...parsed.diagnostics,
      ...translated.diagnostics,
      ...remarksOn(translated.model),
    ];
    const digested = digestOf(translated);
    const kind = judge(snapshot, diagnostics, digested);
    if (kind === 'published') {
      const next: Snapshot = {
        revision: (snapshot?.revision ?? 0) + 1,
        digest: digested,
        model: translated.model,
        diagnostics,
        publishedAt: options.now(),
      };
      await options.onPublish(next, translated.keyRings);
      snapshot = next;
    } else if (kind === 'unchanged' && snapshot !== null) {
      // The same model with other remarks: a mistake that is mended is known no more, and is new when it comes back.
      snapshot = { ...snapshot, diagnostics };
    }
    const outcome: Outcome = { kind, snapshot, diagnostics, content };
    options.onOutcome(outcome);
    return outcome;
  }

  function reload(): Promise<Outcome> {
    if (running === null) {
      running = pass().finally(() => {
        running = null;
      });
      return running;
    }
    following ??= running
      .catch(() => {})
      .then(() => {
        following = null;
        return reload();
      });
    return following;
  }

  return {
    reload,
    get snapshot() {
      return snapshot;
    },
    get diagnostics() {
      return diagnostics;
    },
  };
}

/** Of keys only a digest of their own: they too say how a snapshot serves, such as when a key begins to seal. */
function digestOf({ model, keyRings }: Translation): string {
  if (keyRings.size === 0) return digest(model);
  return digest({ model, keyRings: [...keyRings].map(([name, text]) => [name, digest(text)]) });
}

async function readAll(sources: readonly Source[]): Promise<SourceContent> {
  const contents = await Promise.all(sources.map((source) => source.read()));
  return {
    texts: contents.flatMap((content) => content.texts),
    diagnostics: contents.flatMap((content) => content.diagnostics),
  };
}

/** Findings about how resources relate, which later edits may mend or intend: they never hold a reload back. */
const RELATIONAL: ReadonlySet<DiagnosticCode> = new Set(['unresolved-reference', 'conflict', 'no-endpoints']);

/**
 * At the start, and as long as nothing serves, what is right is served and what is wrong is reported. A reload must not
 * make things worse: when it brings a malformed resource or unreadable text that what serves now does not have, nobody
 * knows what it was meant to say, so the last good configuration goes on whole.
 */
function judge(previous: Snapshot | null, diagnostics: readonly Diagnostic[], digested: string): Outcome['kind'] {
  if (previous === null) return 'published';
  if (previous.model.listeners.length === 0) return digested === previous.digest ? 'unchanged' : 'published';
  const known = new Set(previous.diagnostics.filter(isBlocking).map(toKey));
  if (diagnostics.some((diagnostic) => isBlocking(diagnostic) && !known.has(toKey(diagnostic)))) return 'rejected';
  return digested === previous.digest ? 'unchanged' : 'published';
}

function isBlocking(diagnostic: Diagnostic): boolean {
  return diagnostic.severity === 'error' && !RELATIONAL.has(diagnostic.code);
}

/** Without the line: an edit above an old mistake moves it and makes no new one. */
function toKey(diagnostic: Diagnostic): string {
  return `${diagnostic.code} ${diagnostic.location.source} ${diagnostic.message}`;
}
