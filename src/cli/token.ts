import type { Command } from 'commander';
import { addTokenInspectCommand } from './token-inspect.ts';
import { addTokenKeygenCommand } from './token-keygen.ts';

/** `limpet token`: the keys of session tokens, and what a token says. */
export function addTokenCommand(program: Command): void {
  const token = program.command('token').description('make the keys of session tokens, and read tokens');
  addTokenKeygenCommand(token);
  addTokenInspectCommand(token);
}
