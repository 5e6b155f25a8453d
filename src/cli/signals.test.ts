import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startProcess, type TestProcess } from '../../test/support/child-process.ts';

const SIGNALS = new URL('./signals.ts', import.meta.url).href;

/** A process that does nothing but wait until it is told to stop, and then goes on until it is told again. */
function script(options: string, after = 'setInterval(() => {}, 1000)'): string {
  return `
    import { untilStopped } from '${SIGNALS}';
    const stopped = untilStopped({ onStop: () => console.log('stopping'), ${options} });
    const alive = setInterval(() => {}, 1000);
    console.log('waiting ' + process.pid);
    await stopped;
    clearInterval(alive);
    ${after}`;
}

async function start(code: string): Promise<TestProcess> {
  const started = await startProcess(process.execPath, ['--input-type=module', '-e', code]);
  await started.waitForLine(/^waiting/);
  return started;
}

describe('untilStopped', { timeout: 30_000 }, () => {
  it('ends at the first signal and cuts short at the second', async () => {
    await using polite = await start(script('onReload: null', 'process.exit(0)'));
    polite.signal('SIGTERM');
    assert.equal(await polite.exit, 0);
    await using stubborn = await start(script('onReload: null'));
    stubborn.signal('SIGINT');
    await stubborn.waitForLine(/^stopping/);
    stubborn.signal('SIGINT');
    assert.equal(await stubborn.exit, 130);
  });

  it('takes SIGHUP for a reload or, where there is none, for the end', async () => {
    await using server = await start(script(`onReload: () => console.log('reloading')`, 'process.exit(0)'));
    server.signal('SIGHUP');
    await server.waitForLine(/^reloading/);
    server.signal('SIGTERM');
    assert.equal(await server.exit, 0);
    await using lab = await start(script('onReload: null', 'process.exit(0)'));
    lab.signal('SIGHUP');
    assert.equal(await lab.exit, 0);
  });

  it('ends with the process that started it, where that is asked for', async () => {
    // Standard output is shared, so the shell's death is no end of file for anybody.
    const code = script('onReload: null, withParent: true', `console.log('ended by itself'); process.exit(0)`);
    const command = `"$0" --input-type=module -e "$1" & wait`;
    await using shell = await startProcess('sh', ['-c', command, process.execPath, code]);
    await shell.waitForLine(/^waiting/);
    process.kill(shell.pid, 'SIGKILL');
    await shell.waitForLine(/^ended by itself/);
  });
});
