import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startLimpet, type TestProcess } from '../support/child-process.ts';
import { fetchFrom, type TestResponse } from '../support/http-client.ts';
import { startHttpServer, type TestServer } from '../support/http-server.ts';
import { eventually } from '../support/processes.ts';
import { SHOP_GATEWAY, shopRoute, shopWorkload } from '../support/shop.ts';
import { createTempDir, type TempDir } from '../support/temp-dir.ts';

const POLICY = `apiVersion: limpet.dev/v1alpha1
kind: SessionPolicy
metadata: {name: web, namespace: shop}
spec:
  targetRefs: [{kind: Service, name: web}]
  carrier: [{cookie: {name: sid}}]
`;

interface Gateway extends AsyncDisposable {
  readonly process: TestProcess;
  readonly port: number;
}

/** A gateway in processes of its own; those of one folder share its state folder. */
async function startGateway(folder: TempDir, ...more: readonly string[]): Promise<Gateway> {
  const limpet = await startLimpet(
    [
      ...['run', '-f', join(folder.path, 'shop'), '--port', '80=0', '--bind', '127.0.0.1', '--admin', 'off'],
      ...['--access-log', 'stdout', '--workers', '2', ...more],
    ],
    { env: { LIMPET_STATE_DIR: join(folder.path, 'state') } },
  );
  const [, port] = await limpet.waitForLine(/^ready: .* on 127\.0\.0\.1:(\d+);/);
  return { process: limpet, port: Number(port), [Symbol.asyncDispose]: () => limpet.stop() };
}

async function runLimpet(...args: readonly string[]): Promise<{ readonly code: unknown; readonly output: string }> {
  await using command = await startLimpet(args);
  const code = await command.exit;
  return { code, output: command.output() };
}

function startPod(name: string): Promise<TestServer> {
  return startHttpServer((_request, response) => response.end(name));
}

function tokenOf({ setCookies }: TestResponse): string {
  const [, token = ''] = /^sid=([^;]+);/.exec(setCookies[0] ?? '') ?? [];
  return token;
}

describe('limpet run with a SessionPolicy', { timeout: 90_000 }, () => {
  it('keeps a session over three gateways, their restart and a rotation of keys', async () => {
    using folder = createTempDir();
    await using a = await startPod('a');
    await using b = await startPod('b');
    await using c = await startPod('c');
    folder.write('shop/gateway.yaml', [SHOP_GATEWAY, shopRoute('all', '*'), POLICY].join('---\n'));
    folder.write('shop/workload.yaml', shopWorkload({ a, b, c }));
    const keys = join(folder.path, 'keys.json');
    const made = await runLimpet('token', 'keygen', '-o', keys);
    assert.equal(made.code, 0);
    await using one = await startGateway(folder, '--session-keys', keys);
    await using two = await startGateway(folder, '--session-keys', keys);
    const homes = new Map<string, string>();
    for (let i = 0; i < 15; i++) {
      const first = await fetchFrom({ port: [one, two][i % 2]?.port ?? 0 });
      homes.set(tokenOf(first), first.text);
    }
    assert.equal(homes.size, 15);
    assert.deepEqual([...new Set(homes.values())].sort(), ['a', 'b', 'c']);
    await using three = await startGateway(folder, '--session-keys', keys);
    const stay = async (gateways: readonly Gateway[]): Promise<string[]> => {
      const fresh: string[] = [];
      for (const [token, home] of homes) {
        for (const { port } of gateways) {
          const kept = await fetchFrom({ port, headers: { cookie: `other=1; sid=${token}` } });
          assert.equal(kept.text, home);
          if (kept.setCookies.length > 0) fresh.push(tokenOf(kept));
        }
      }
      return fresh;
    };
    assert.deepEqual(await stay([one, two, three]), []);
    await two.process.stop();
    const rotated = await runLimpet('token', 'keygen', '-o', keys, '--rotate', '--seal-after', '1', '--output', 'json');
    const { keys: ids } = JSON.parse(rotated.output) as { readonly keys: readonly { readonly id: string }[] };
    for (const { process } of [one, three]) await process.waitForLine(/session keys have been read again/);
    await using restarted = await startGateway(folder, '--session-keys', keys);
    await eventually('the new key to seal', async () =>
      tokenOf(await fetchFrom({ port: one.port })).startsWith(`1${ids[1]?.id}`),
    );
    const fresh = await stay([one, three, restarted]);
    assert.equal(fresh.length, 3 * homes.size);
    assert.ok(fresh.every((token) => token.startsWith(`1${ids[1]?.id}`)));

    // What is printed names neither a key nor a token.
    const secrets = JSON.parse(readFileSync(keys, 'utf8')) as { readonly keys: readonly { readonly key: string }[] };
    const output = [one, three, restarted].map(({ process }) => process.output()).join('');
    assert.match(output, /"mode":"session"/);
    for (const secret of [...secrets.keys.map(({ key }) => key), ...homes.keys()]) {
      assert.ok(!output.includes(secret) && !rotated.output.includes(secret));
    }
  });

  it('makes keys once where none are named, and tells what a token says to those who have them', async () => {
    using folder = createTempDir();
    await using a = await startPod('a');
    folder.write('shop/workload.yaml', shopWorkload({ a }));
    folder.write('shop/gateway.yaml', [SHOP_GATEWAY, shopRoute('all', '*')].join('---\n'));
    const keys = join(folder.path, 'state', 'session-keys.json');
    await using one = await startGateway(folder);
    assert.throws(() => statSync(keys), /ENOENT/);
    folder.write('shop/policy.yaml', POLICY);
    let token = '';
    await eventually('the policy to be served', async () => {
      token = tokenOf(await fetchFrom({ port: one.port }));
      return token !== '';
    });
    assert.equal(statSync(keys).mode & 0o777, 0o600);
    await using two = await startGateway(folder);
    assert.deepEqual((await fetchFrom({ port: two.port, headers: { cookie: `sid=${token}` } })).setCookies, []);
    const inspect = ['token', 'inspect', `sid=${token}; Path=/`, '--session-keys', keys, '--output', 'json'];
    const blind = await runLimpet(...inspect);
    assert.deepEqual([blind.code, JSON.parse(blind.output).opened], [1, false]);
    const seen = await runLimpet(...inspect, '-f', join(folder.path, 'shop'));
    assert.deepEqual([seen.code, JSON.parse(seen.output).pod], [0, 'name shop/a']);
    for (const line of [`x-session: ${token}`, `cookie: other=1; sid="${token}~own"`]) {
      const read = await runLimpet('token', 'inspect', line, '--session-keys', keys, '--output', 'json');
      assert.equal(JSON.parse(read.output).keyId, token.slice(1, 7));
    }
    const explained = await runLimpet(
      ...['explain', '-f', join(folder.path, 'shop'), '--session-keys', keys],
      ...['-H', `cookie: sid=${token}`, 'http://shop.example/'],
    );
    assert.match(explained.output, /names an endpoint that may serve/);
    assert.ok(!explained.output.includes(token));
  });

  it('refuses to start with a key file that is none, and keeps the keys that serve', async () => {
    using folder = createTempDir();
    await using a = await startPod('a');
    folder.write('shop/workload.yaml', shopWorkload({ a }));
    folder.write('shop/gateway.yaml', [SHOP_GATEWAY, shopRoute('all', '*'), POLICY].join('---\n'));
    const bad = folder.write('bad.json', '{"version": 1, "keys": [{"key": "c2VjcmV0"}]}');
    const refused = await runLimpet('run', '-f', join(folder.path, 'shop'), '--session-keys', bad, '--admin', 'off');
    assert.equal(refused.code, 1);
    assert.match(refused.output, /bad\.json is no key file: keys\[0\]\.key must be 32 bytes as base64url/);
    assert.doesNotMatch(refused.output, /c2VjcmV0/);
    const missing = await runLimpet('run', '-f', join(folder.path, 'shop'), '--session-keys', `${bad}.not`);
    assert.deepEqual([missing.code, /there is none/.test(missing.output)], [1, true]);
    const keys = join(folder.path, 'keys.json');
    await runLimpet('token', 'keygen', '-o', keys);
    assert.equal((await runLimpet('token', 'keygen', '-o', keys)).code, 1);
    await using gateway = await startGateway(folder, '--session-keys', keys);
    const token = tokenOf(await fetchFrom({ port: gateway.port }));
    folder.write('keys.json', '{}');
    await gateway.process.waitForLine(/the session keys that serve stay/);
    const kept = await fetchFrom({ port: gateway.port, headers: { cookie: `sid=${token}` } });
    assert.deepEqual(kept.setCookies, []);
  });
});
