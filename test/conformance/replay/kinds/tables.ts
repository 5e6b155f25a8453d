import { createHash } from 'node:crypto';
import type { HashChooser } from '../../../../src/affinity/chooser.ts';
import { Hash64 } from '../../../../src/affinity/hash64.ts';
import type { HostState } from '../../../../src/affinity/host.ts';
import { RingTable } from '../../../../src/affinity/ring-table.ts';
import { createBalancer } from '../balancers.ts';
import { readHosts } from '../envoy/hosts.ts';
import { Fields, NotUnderstood } from '../fields.ts';
import { checkKeyPicks } from '../key-picks.ts';
import { hasFields, nameCase, type Replayer } from '../recording.ts';
import type { Tally } from '../tally.ts';

/** Rings and Maglev tables over one list of hosts: every pick, the gauges, the size and the whole table. */
export const tablesReplayer: Replayer = {
  kinds: ['ring', 'ring_hash', 'maglev', 'ring_equal_keys'],
  looksLike: (sample) => hasFields(sample, 'config', 'hosts', 'keys', 'picks'),
  replay: ({ cases }, tally) => {
    for (const [index, item] of cases.entries()) {
      const fields = new Fields(item, 'case');
      tally.case(nameCase(fields, index), () => replayTable(fields, tally));
    }
  },
};

function replayTable(fields: Fields, tally: Tally): void {
  fields.ignore('id', 'type');
  const balancer = createBalancer('table', fields.value('config'), readHosts(fields), fields.value('policy'));
  checkKeyPicks(fields, balancer, tally);
  const chooser = balancer.hostSet(null)?.hashChoosers()[0] ?? null;
  if (fields.has('entries')) tally.check('entries', chooser?.table.owners.length ?? 0, fields.value('entries'));
  if (fields.has('stats')) tally.check('stats', gauges(chooser), fields.value('stats'));
  if (fields.has('table_sha256')) tally.check('table', digestTable(chooser), fields.value('table_sha256'));
  fields.end();
}

function gauges(chooser: HashChooser<HostState> | null): number[] {
  if (chooser === null) throw new NotUnderstood('gauges of a balancer without a table');
  const { table } = chooser;
  const perHost = [table.minEntriesPerHost, table.maxEntriesPerHost];
  return table instanceof RingTable ? [table.nominalSize, ...perHost] : perHost;
}

/** SHA-256 over the table as lines: a ring's `hash host`, Maglev's `host`. */
function digestTable(chooser: HashChooser<HostState> | null): string {
  if (chooser === null) throw new NotUnderstood('digest of a balancer without a table');
  const { table, weighted } = chooser;
  const digest = createHash('sha256');
  const hash = new Hash64();
  let lines = '';
  for (const [entry, owner] of table.owners.entries()) {
    if (table instanceof RingTable) lines += `${BigInt(`0x${table.entryHash(entry, hash).toHex()}`)} `;
    lines += `${weighted.hosts[owner]?.index}\n`;
    if (lines.length < 65536) continue;
    digest.update(lines);
    lines = '';
  }
  return digest.update(lines).digest('hex');
}
