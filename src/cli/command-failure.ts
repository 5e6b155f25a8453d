/** 0: fine (architecture: Command line). 1: the input or the state of things is wrong. 2: the call is wrong. */
export type ExitCode = 0 | 1 | 2;

/** Ends a command with a message for the user. What else is thrown is a fault of ours. */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}
