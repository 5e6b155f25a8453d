import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runAbuse } from './abuse-run.ts';

describe('bad clients beside good ones', { timeout: 180_000 }, () => {
  it('fail no good request, are ended, and take bounded memory', async () => {
    const abusers = {
      'slow-heads': 100,
      'slow-bodies': 100,
      idle: 1_000,
      churn: 100,
      'slow-readers': 20,
      flood: 2,
      'deaf-flood': 5,
    } as const;
    const { phases, connectionsLeft } = await runAbuse({ secondsPerPhase: 12, goodClients: 20, phases: [{}, abusers] });
    const [before, abused] = phases;
    assert.ok(before !== undefined && abused !== undefined);
    for (const clients of [before.quiet, before.good, abused.quiet, abused.good]) {
      assert.ok(clients.requests > 100, `${clients.requests} requests`);
      assert.equal(clients.failed, 0, clients.firstFailure);
    }
    const { abusers: reports } = abused;
    for (const kind of ['slow-heads', 'slow-bodies'] as const) {
      assert.ok((reports[kind]?.timedOut ?? 0) >= abusers[kind], `${kind}: ${JSON.stringify(reports[kind])}`);
    }
    for (const kind of ['slow-readers', 'deaf-flood'] as const) {
      // They do not read, so that all they notice of their end is a reset, if they notice it.
      assert.ok((reports[kind]?.opened ?? 0) >= abusers[kind], `${kind}: ${JSON.stringify(reports[kind])}`);
    }
    assert.equal(reports.idle?.ended, 0, 'idle connections are no abuse as such');
    assert.ok((reports.churn?.opened ?? 0) > 100);
    const grown = abused.memoryMebibytes - before.memoryMebibytes;
    assert.ok(!(grown > 200), `${Math.round(grown)} MiB more`);
    assert.ok(connectionsLeft <= 20, `${connectionsLeft} connections are left`);
  });
});
