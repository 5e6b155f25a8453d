import { NotUnderstood } from './fields.ts';

/**
 * Expands `TEXT for NAME in A..B` (both ends included), where `{...}` in the text is whole-number arithmetic on the
 * name: `10.100.{j/250}.{j%250+1}:8080 for j in 0..199`.
 */
export function expandTemplate(template: string): string[] {
  const match = /^(.+) for (\w+) in (\d+)\.\.(\d+)$/.exec(template);
  if (match === null) throw new NotUnderstood(`no template of hosts: ${template}`);
  const [, text = '', name = '', first = '', last = ''] = match;
  const hosts: string[] = [];
  for (let value = Number(first); value <= Number(last); value++) {
    hosts.push(text.replace(/\{([^}]*)\}/g, (_, expression: string) => String(evaluate(expression, name, value))));
  }
  return hosts;
}

function evaluate(expression: string, name: string, value: number): number {
  const tokens = expression.match(/\d+|\w+|[-+*/%()]/g) ?? [];
  let next = 0;
  const factor = (): number => {
    const token = tokens[next++];
    if (token === '(') {
      const inner = sum();
      next++;
      return inner;
    }
    if (token === name) return value;
    if (token === undefined || !/^\d+$/.test(token)) throw new NotUnderstood(`no expression: ${expression}`);
    return Number(token);
  };
  const product = (): number => {
    let result = factor();
    for (
      let operator = tokens[next];
      operator === '*' || operator === '/' || operator === '%';
      operator = tokens[next]
    ) {
      next++;
      const right = factor();
      result = operator === '*' ? result * right : operator === '/' ? Math.floor(result / right) : result % right;
    }
    return result;
  };
  const sum = (): number => {
    let result = product();
    for (let operator = tokens[next]; operator === '+' || operator === '-'; operator = tokens[next]) {
      next++;
      const right = product();
      result = operator === '+' ? result + right : result - right;
    }
    return result;
  };
  const result = sum();
  if (next !== tokens.length) throw new NotUnderstood(`no expression: ${expression}`);
  return result;
}
