import assert from 'node:assert/strict';
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';
import { ROOT, skipUnless } from '../support/tools.ts';

/** In the printed lines `npx limpet` is this checkout's, without npm's own half second for each. */
const SHELL_PRELUDE = `npx() { shift; "${process.execPath}" "${ROOT}bin/limpet.js" "$@"; }\n`;
const POLL_MILLIS = 50;

/** `limpet lab` as a shell starts it: in a process group of its own, which a terminal's Ctrl-C reaches as a whole. */
class TestLab {
  readonly folder: TempDir = createTempDir();
  readonly lines: string[] = [];
  readonly exited: Promise<unknown[]>;
  readonly #child: ChildProcess;

  constructor() {
    this.#child = spawn(process.execPath, ['bin/limpet.js', 'lab'], {
      cwd: ROOT,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    this.exited = once(this.#child, 'exit');
  }

  get #environment(): NodeJS.ProcessEnv {
    return { ...process.env, LIMPET_STATE_DIR: this.folder.path };
  }

  /** Resolves when the whole list of what to try has been printed. */
  async whenReady(): Promise<void> {
    assert.ok(this.#child.stdout !== null);
    for await (const line of createInterface(this.#child.stdout)) {
      this.lines.push(line);
      if (line.startsWith('npx limpet lab logs')) return;
    }
    assert.fail(`the lab ended: ${this.lines.join('\n')}`);
  }

  /** The lines of a tutorial that are no comment. */
  trialsOf(tutorial: string): string[] {
    const start = this.lines.findIndex((line) => line.startsWith(`## ${tutorial}:`));
    const end = this.lines.indexOf('', start);
    return this.lines.slice(start, end).filter((line) => !line.startsWith('#'));
  }

  /** Runs lines as if they were pasted, and gives what they print. */
  paste(lines: readonly string[]): Promise<string> {
    return new Promise((resolve, reject) => {
      const options = { cwd: this.folder.path, env: this.#environment };
      execFile('sh', ['-c', `${SHELL_PRELUDE}${lines.join('\n')}`], options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${lines.join('\n')}\nfailed: ${stderr}`, { cause: error }));
      });
    });
  }

  async pods(): Promise<
    { tutorial: string; name: string; pid: number; state: string; restarts: number; address: string }[]
  > {
    return JSON.parse(await this.paste(['npx limpet lab pods -o json']));
  }

  /** To the lab alone, or as a terminal does it to all that it started. */
  signal(name: NodeJS.Signals, whole: boolean): void {
    const { pid } = this.#child;
    assert.ok(pid !== undefined);
    process.kill(whole ? -pid : pid, name);
  }

  end(): void {
    try {
      this.signal('SIGKILL', true);
    } catch {
      // It has ended, as it should have.
    }
    this.folder.remove();
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Fails when it takes longer than a person would wait. */
async function eventually(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await check())) {
    assert.ok(performance.now() < deadline, `${what}: not after 15 seconds`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLIS));
  }
}

/** The pods named in answers of /hello that went through `sort | uniq -c`. */
function podsIn(output: string): string[] {
  return [...output.matchAll(/^ *\d+ Hello version: v\d, instance: (\S+)$/gm)].map((match) => match[1] ?? '');
}

describe('limpet lab', { timeout: 180_000, skip: skipUnless('curl') }, () => {
  let lab: TestLab;

  before(async () => {
    lab = new TestLab();
    await lab.whenReady();
  });

  after(() => lab.end());

  it('runs a process for every endpoint of the tutorials', async () => {
    const pods = await lab.pods();
    const counts = Object.entries(Object.groupBy(pods, (pod) => pod.tutorial)).map(([name, all]) => [
      name,
      all?.length,
    ]);
    assert.deepEqual(Object.fromEntries(counts), {
      'asm-httpbin': 3,
      'gloo-httpbin': 2,
      'istio-bwce': 2,
      'istio-helloworld': 6,
    });
    assert.ok(pods.every(({ pid, state }) => state === 'ready' && isRunning(pid)));
    assert.equal(new Set(pods.map(({ pid }) => pid)).size, 13);
  });

  it('asm-httpbin: one pod for a cookie jar, all three without the DestinationRule', async () => {
    const [first = '', stay = '', log = '', explain = '', ...spread] = lab.trialsOf('asm-httpbin');
    const answer = await lab.paste([first]);
    const [setCookie] = /^set-cookie: .*$/im.exec(answer) ?? [''];
    assert.match(setCookie, /^set-cookie: sticky-session-key="[0-9a-f]{16}"/i);
    assert.doesNotMatch(setCookie, /max-age/i);
    const pods = podsIn(await lab.paste([stay]));
    assert.equal(pods.length, 1);
    // The access log holds lines back for a moment.
    await eventually('the access log', async () => / 10 "upstream_addr":"[\d.:]+"\n$/.test(await lab.paste([log])));
    assert.match(await lab.paste([explain]), /upstream_addr=[\d.]+:\d+/);
    assert.deepEqual(podsIn(await lab.paste(spread)).sort(), ['httpbin-0', 'httpbin-1', 'httpbin-2']);
    await eventually('the rule that is back', async () =>
      /^set-cookie: sticky-session-key=/im.test(await lab.paste([first])),
    );
  });

  it('gloo-httpbin: the cookie byte for byte, the headers of the tutorial, ring and Maglev', async () => {
    const [first = '', stay = '', ...maglev] = lab.trialsOf('gloo-httpbin');
    const answer = await lab.paste([first]);
    assert.match(answer, /^set-cookie: hashbasedcookie="[0-9a-f]{16}"; Max-Age=60; Path=\/; HttpOnly\r$/m);
    assert.match(answer, /^x-envoy-upstream-service-time: \d+\r$/m);
    const { headers } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')));
    assert.match(headers['X-Request-Id'], /^[0-9a-f-]{36}$/);
    assert.equal(headers['X-Forwarded-Proto'], 'http');
    assert.equal(headers['X-Envoy-Expected-Rq-Timeout-Ms'], '15000');
    assert.equal(podsIn(await lab.paste([stay])).length, 1);
    assert.equal(podsIn(await lab.paste(maglev)).length, 1);
  });

  it('istio-bwce: ISTIOID for a minute, and one pod', async () => {
    const [first = '', stay = '', spread = ''] = lab.trialsOf('istio-bwce');
    assert.match(await lab.paste([first]), /^set-cookie: ISTIOID="[0-9a-f]{16}"; Max-Age=60;/im);
    assert.equal(podsIn(await lab.paste([stay])).length, 1);
    assert.deepEqual(podsIn(await lab.paste([spread])).sort(), ['test2-bwce-0', 'test2-bwce-1']);
  });

  it('istio-helloworld: the token pins to its pod, with 6, 12 and 3 of them', async () => {
    const [first = '', ...rest] = lab.trialsOf('istio-helloworld');
    assert.match(await lab.paste([first]), /^x-session-header: [A-Za-z0-9+/=]+\r$/m);
    // The token is a variable of the shell, so all lines go into one.
    const output = await lab.paste(rest);
    const [address = ''] = output.split('\n');
    const pods = await lab.pods();
    const pod = pods.find((candidate) => candidate.address === address);
    assert.ok(pod !== undefined, output);
    assert.deepEqual(podsIn(output), [pod.name, pod.name]);
    assert.equal(pods.filter(({ tutorial }) => tutorial === 'istio-helloworld').length, 12);

    await lab.paste(['npx limpet lab scale helloworld --replicas 3']);
    const left = (await lab.pods()).filter(({ tutorial }) => tutorial === 'istio-helloworld');
    assert.equal(left.length, 3);
    for (const { pid } of pods.filter(
      ({ name }) => name.startsWith('helloworld') && !left.some((one) => one.name === name),
    )) {
      assert.equal(isRunning(pid), false, 'a pod that was scaled away has ended');
    }
    const stayed = left[0];
    const url = /http:\/\/\S+/.exec(first)?.[0] ?? '';
    const token = Buffer.from(stayed?.address ?? '').toString('base64');
    const answers = await lab.paste([
      `for i in $(seq 10); do curl -s -H 'x-session-header: ${token}' ${url}; done | sort | uniq -c`,
    ]);
    assert.deepEqual(podsIn(answers), [stayed?.name]);
  });

  it('scales by service name, in one tutorial or in all that have it', async () => {
    const named = async (): Promise<Record<string, number>> => {
      const groups = Object.groupBy(
        (await lab.pods()).filter(({ name }) => name.startsWith('httpbin')),
        (pod) => pod.tutorial,
      );
      return Object.fromEntries(Object.entries(groups).map(([name, pods]) => [name, pods?.length ?? 0]));
    };
    assert.match(
      await lab.paste(['npx limpet lab scale httpbin --replicas 3']),
      /gloo-httpbin: httpbin from 2 to 3 pods/,
    );
    assert.deepEqual(await named(), { 'asm-httpbin': 3, 'gloo-httpbin': 3 });
    await lab.paste(['npx limpet lab scale httpbin --replicas 2 --tutorial asm']);
    assert.deepEqual(await named(), { 'asm-httpbin': 2, 'gloo-httpbin': 3 });
    const url = /http:\/\/\S+/.exec(lab.trialsOf('asm-httpbin')[0] ?? '')?.[0] ?? '';
    assert.equal(podsIn(await lab.paste([`for i in $(seq 20); do curl -s ${url}; done | sort | uniq -c`])).length, 2);
    await assert.rejects(
      lab.paste(['npx limpet lab scale htpbin --replicas 2']),
      /there is no service htpbin; is httpbin meant\?/,
    );
  });

  it('fails no request while it scales', async () => {
    const url = /http:\/\/\S+/.exec(lab.trialsOf('asm-httpbin')[0] ?? '')?.[0] ?? '';
    let scaling = true;
    const answers = new Map<string, number>();
    const client = async (): Promise<void> => {
      while (scaling) {
        const { status } = await fetch(url);
        answers.set(String(status), (answers.get(String(status)) ?? 0) + 1);
      }
    };
    const clients = Promise.all([client(), client(), client()]);
    for (const replicas of [5, 1, 3])
      await lab.paste([`npx limpet lab scale httpbin --replicas ${replicas} --tutorial asm`]);
    scaling = false;
    await clients;
    assert.deepEqual([...answers.keys()], ['200']);
  });

  it('kills a pod, whose log tells, and brings it back', async () => {
    const before = (await lab.pods()).find(({ name }) => name === 'test2-bwce-0');
    await lab.paste(['npx limpet lab kill test2-bwce-0']);
    assert.ok(before !== undefined && !isRunning(before.pid));
    await eventually('the pod', async () =>
      (await lab.pods()).some(
        ({ name, state, restarts }) => name === before.name && state === 'ready' && restarts === 1,
      ),
    );
    const log = await lab.paste(['npx limpet lab logs test2-bwce-0']);
    assert.match(log, /test2-bwce-0 GET \/hello 200 \d+ms\n/);
    assert.match(log, /test2-bwce-0 its process ended\n/);
  });

  it('follows a log until the lab ends, and refuses a second lab', async () => {
    await assert.rejects(lab.paste(['npx limpet lab']), /a lab is already running \(process \d+\)/);
    const following = lab.paste(['npx limpet lab logs test2-bwce-1 --follow; true']);
    const pids = (await lab.pods()).map(({ pid }) => pid);
    lab.signal('SIGINT', true);
    assert.deepEqual(await lab.exited, [0, null]);
    await following;
    assert.deepEqual(pids.filter(isRunning), [], 'Ctrl-C leaves no process behind');
    await assert.rejects(lab.paste(['npx limpet lab pods']), /no lab is running/);
  });
});

describe('the pods of a lab', { timeout: 60_000 }, () => {
  it('end with it even when it is killed, and its state file fools nobody', async () => {
    const lab = new TestLab();
    try {
      await lab.whenReady();
      const pids = (await lab.pods()).map(({ pid }) => pid);
      assert.equal(pids.filter(isRunning).length, 13);
      lab.signal('SIGKILL', false);
      await lab.exited;
      await eventually('the end of all pods', () => !pids.some(isRunning));
      const { pid } = JSON.parse(readFileSync(`${lab.folder.path}/lab/lab.json`, 'utf8')) as { pid: number };
      assert.equal(isRunning(pid), false);
      await assert.rejects(lab.paste(['npx limpet lab pods']), /no lab is running/);
    } finally {
      lab.end();
    }
  });
});
