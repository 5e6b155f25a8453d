import process from 'node:process';
import { parseArgs } from 'node:util';
import { readCorpus } from './corpus.ts';
import { countFailed, formatResults } from './format-results.ts';
import { playCorpus } from './play-corpus.ts';
import { RecordingBackend } from './recording-backend.ts';
import { type ProxyAddress, WireClient } from './wire-client.ts';

/*
 * node test/conformance/http1/run.ts --proxy HOST:PORT --backend HOST:PORT [--id ID]... [--category NAME]... FILE...
 *
 * Plays the cases of FILEs against a proxy that forwards everything to the backend, which this opens. Switch off active
 * health checks and retries of what is not idempotent. Exit 0: all passed, 1: some failed, 2: the proxy does not forward.
 */

const USAGE = 'usage: run.ts --proxy HOST:PORT --backend HOST:PORT [--id ID]... [--category NAME]... FILE...\n';

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      proxy: { type: 'string' },
      backend: { type: 'string' },
      id: { type: 'string', multiple: true, default: [] },
      category: { type: 'string', multiple: true, default: [] },
    },
    allowPositionals: true,
  });
  const proxy = parseAddress(values.proxy);
  const address = parseAddress(values.backend);
  if (proxy === null || address === null || positionals.length === 0) {
    process.stderr.write(USAGE);
    return 2;
  }
  const { id, category } = values;
  const cases = positionals
    .flatMap(readCorpus)
    .filter((each) => id.length === 0 || id.includes(each.id))
    .filter((each) => category.length === 0 || category.includes(each.category));
  await using backend = await RecordingBackend.listen(address.host, address.port);
  if (!(await forwards(proxy))) {
    process.stderr.write('the proxy does not forward to the backend: GET /alive failed\n');
    return 2;
  }
  const results = await playCorpus(cases, [{ proxy, backend }]);
  const failed = countFailed(results);
  process.stdout.write(`${formatResults(results)}\n${results.length - failed} passed, ${failed} failed\n`);
  return failed === 0 ? 0 : 1;
}

async function forwards(proxy: ProxyAddress): Promise<boolean> {
  try {
    using client = await WireClient.connect(proxy, []);
    client.get('/alive');
    await client.wait(() => client.end !== 'open' || client.completeFinals > 0, 3_000);
    return client.finals[0]?.status === 200;
  } catch {
    return false;
  }
}

function parseAddress(text = ''): ProxyAddress | null {
  const [, host, port] = /^(?:\[([0-9a-f:]+)\]|[^:]+):(\d{1,5})$/i.exec(text) ?? [];
  if (port === undefined) return null;
  return { host: host ?? text.slice(0, text.lastIndexOf(':')), port: Number(port) };
}

process.exitCode = await main();
