import { readFileSync } from 'node:fs';
import { CommandFailure } from './command-failure.ts';

/** The bearer token in a file. Throws a CommandFailure. */
export function readToken(path: string): string {
  let token: string;
  try {
    token = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new CommandFailure(2, `the token file ${path} can't be read`, { cause: error });
  }
  if (!/^[\x21-\x7e]{16,}$/.test(token)) {
    throw new CommandFailure(2, `the token in ${path} must be one word of at least 16 letters, digits and signs`);
  }
  return token;
}
