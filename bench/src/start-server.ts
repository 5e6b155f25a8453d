import { startProcess, type TestProcess } from '../../test/support/child-process.ts';
import { RawClient } from '../../test/support/http-client.ts';
import { pinned } from './cores.ts';

export interface ServerStart {
  readonly command: string;
  readonly args: readonly string[];
  /** The core it may use; null: where the system wants. */
  readonly core: number | null;
  /** Where it will listen. */
  readonly host: string;
  readonly port: number;
  /** File descriptor that gets its standard output. */
  readonly stdoutTo?: number;
}

const START_MILLIS = 20_000;

/** Starts a server on its core and resolves once it accepts connections; rejects with its output if it does not. */
export async function startServer(start: ServerStart): Promise<TestProcess> {
  const { stdoutTo } = start;
  const [command, args] = pinned(start.core, start.command, start.args);
  const running = await startProcess(command, args, stdoutTo === undefined ? {} : { stdoutTo });
  let hasEnded = false;
  void running.exit.then(() => {
    hasEnded = true;
  });
  const deadline = performance.now() + START_MILLIS;
  while (!(await isListening(start))) {
    if (hasEnded || performance.now() > deadline) {
      await running.stop();
      throw new Error(
        `${start.command} does not listen on ${start.host}:${start.port}; its output:\n${running.output()}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return running;
}

async function isListening({ host, port }: ServerStart): Promise<boolean> {
  try {
    const client = await RawClient.connect(port, host);
    client.close();
    return true;
  } catch {
    return false;
  }
}
