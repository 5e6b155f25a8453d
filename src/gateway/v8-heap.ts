import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/*
 * V8 lets the space for new objects grow from 1 MiB to 64. A request's objects are dead soon and cost its collector
 * nothing, but when connections come in numbers most of what is in that space lives on, and is copied while everybody
 * waits: 40 ms for 32 MiB, and 6 for 1 (decision 047). So a process that serves requests keeps the space at 1 MiB.
 */

/** For Node's command line; nothing where the operator has set the size. */
export function shortCollectionFlags(): readonly string[] {
  const given = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''];
  return given.some((text) => text.includes('semi-space')) ? [] : ['--max-semi-space-size=1'];
}

let isKeptSmall = false;

/**
 * The same for a process that runs already, at the cost of one full collection: to be called before it serves. Once for a
 * process: the lab's has several gateways.
 */
export function keepCollectionsShort(): void {
  if (isKeptSmall || shortCollectionFlags().length === 0) return;
  isKeptSmall = true;
  createTrim()();
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** A full collection that also makes the heap small, by V8's own function, which contexts made under this flag have. */
export function createTrim(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: object) => void;
  setFlagsFromString('--no-expose-gc');
  return () => collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
