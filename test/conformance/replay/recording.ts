import { Fields } from './fields.ts';
import type { Tally } from './tally.ts';

/** A file of recordings. */
export interface Recording {
  /** Empty where the file does not say. */
  readonly kind: string;
  readonly cases: readonly unknown[];
  /** The whole file, for what cases share. */
  readonly head: Fields;
}

/** What replays files of one kind. */
export interface Replayer {
  readonly kinds: readonly string[];
  /** True if a case that comes without a kind can only be one of these. */
  readonly looksLike: (sample: unknown) => boolean;
  readonly replay: (recording: Recording, tally: Tally) => void;
}

export function parseRecording(text: string): Recording {
  const head = new Fields(JSON.parse(text), 'file');
  return { kind: head.stringOr('kind', ''), cases: head.list('cases'), head };
}

/** True if `value` is an object that has all these fields. */
export function hasFields(value: unknown, ...names: readonly string[]): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && names.every((name) => name in value);
}

/** What a case is called in messages. */
export function nameCase(fields: Fields, index: number): string {
  const id = fields.stringOr('id', '');
  const route = fields.has('route') ? ` route ${String(fields.value('route'))}` : '';
  return `case ${index + 1}${id === '' ? '' : ` (${id})`}${route}`;
}
