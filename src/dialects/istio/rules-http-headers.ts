import type { Findings, Written } from '../../resources/written.ts';

const INTERNAL_HELP =
  'Headers that begin with : are a part of the request line; only :authority may be set, on requests.';

/** What istiod asks of header operations; which characters a name has is left to Envoy. */
export function checkHeaders(headers: Written, findings: Findings): void {
  for (const side of ['request', 'response'] as const) {
    const operations = headers.at(side);
    for (const operation of ['set', 'add']) {
      for (const [name, value] of operations.at(operation).entries) {
        findings.judge(value, nameProblem(name, side === 'request'), INTERNAL_HELP, 'key');
        if (typeof value.value === 'string')
          findings.judge(value, headerValueProblem(value.text), 'Write %% for a percent sign.');
      }
    }
    for (const name of operations.at('remove').items)
      if (typeof name.value === 'string') findings.judge(name, nameProblem(name.text, false), INTERNAL_HELP);
  }
}

function nameProblem(name: string, mayBeAuthority: boolean): string | null {
  if (name === '') return 'must have a name';
  if (mayBeAuthority && /^(?::authority|host)$/i.test(name)) return null;
  return name.startsWith(':') || name.toLowerCase() === 'host' ? 'must not be Host or begin with ":" here' : null;
}

/**
 * Envoy's format commands: `%NAME%`, `%NAME(arguments)%`, `%NAME(["a", "b"])%`; a percent sign is written twice. Which
 * commands there are is not looked at.
 */
function headerValueProblem(value: string): string | null {
  if (/[^\P{Cc}\t\u0080-\u009f]/u.test(value)) return 'must not hold line breaks or other control characters';
  let state: State | null = 'literal';
  for (let i = 0; i < value.length && state !== null; i++) {
    const character = value[i] ?? '';
    const isEscape = (state === 'literal' && value.startsWith('%%', i)) || (state === 'text' && character === '\\');
    if (isEscape) i++;
    else state = after(state, character);
    if (i >= value.length) state = null;
  }
  return state === 'literal' ? null : 'has a % that begins no complete format command';
}

/** Where in a format command the value is; `percent` waits for the closing one. */
type State = 'literal' | 'name' | 'arguments' | 'quote' | 'text' | 'after-quote' | 'bracket' | 'percent';

/** The state behind a character; null: it must not stand there. */
function after(state: State, character: string): State | null {
  const blank = character === ' ' ? state : null;
  switch (state) {
    case 'literal':
      return character === '%' ? 'name' : 'literal';
    case 'name':
      return character === '%' ? 'literal' : character === '(' ? 'arguments' : 'name';
    case 'arguments':
      return character === '[' ? 'quote' : (blank ?? 'text');
    case 'quote':
      return character === '"' ? 'text' : blank;
    case 'text':
      return character === ')' ? 'percent' : character === '"' ? 'after-quote' : 'text';
    case 'after-quote':
      return character === ',' ? 'quote' : character === ']' ? 'bracket' : blank;
    case 'bracket':
      return character === ')' ? 'percent' : blank;
    case 'percent':
      return character === '%' ? 'literal' : blank;
  }
}
