import type { Findings, Written } from '../../resources/written.ts';

const TOPOLOGY = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone'];
const LOCALITY_HELP = 'Write region/zone/subzone, from the left, with * for the rest, as in us-east/*.';

/** What istiod asks of `localityLbSetting`; after each of the first two it looks no further. */
export function checkLocality(setting: Written, hasOutlierDetection: boolean, findings: Findings): void {
  const distribute = setting.at('distribute').items;
  const failover = setting.at('failover').items;
  const priority = setting.at('failoverPriority').items;
  if (distribute.length > 0 && failover.length > 0) {
    findings.refuse(setting.at('failover'), 'must not stand beside distribute', 'Keep one of them.', 'key');
    return;
  }
  const label = failover.length > 0 ? priority.find(({ text }) => TOPOLOGY.includes(text)) : undefined;
  if (label !== undefined) {
    findings.refuse(label, 'must not be a topology label beside failover', 'Use failoverPriority alone.');
    return;
  }
  for (const entry of distribute) checkShares(entry, findings);
  checkOverlap(
    distribute.map((entry) => ({ field: entry.at('from'), name: entry.at('from').text, part: 'value' })),
    findings,
  );
  for (const entry of failover) checkFailover(entry, findings);
  const field = failover.length > 0 ? 'failover' : 'failoverPriority';
  if (failover.length + priority.length > 0 && !hasOutlierDetection) {
    const help = 'Add outlierDetection to the same block: without it no endpoint is ever found unhealthy.';
    findings.warn('invalid-field', setting.at(field), 'has no effect without outlierDetection', help, 'key');
  }
}

function checkShares(entry: Written, findings: Findings): void {
  const shares = entry.at('to').entries;
  for (const [, share] of shares) {
    if (typeof share.value !== 'number' || (share.number >= 1 && share.number <= 100)) continue;
    findings.refuse(share, `must be from 1 to 100, not ${share.number}`, 'Leave out what is to get nothing.');
    return;
  }
  const total = shares.reduce((sum, [, share]) => sum + share.number, 0);
  if (total !== 100) {
    const rule = `must have shares that add up to 100, not ${total}`;
    findings.refuse(entry.at('to'), rule, 'Shares are percents.', entry.at('to').isSet ? 'key' : 'value');
    return;
  }
  checkOverlap(
    shares.map(([name, field]) => ({ field, name, part: 'key' })),
    findings,
  );
}

function checkOverlap(
  localities: readonly { readonly field: Written; readonly name: string; readonly part: 'key' | 'value' }[],
  findings: Findings,
): void {
  const taken = new Map<string, string>();
  for (const { field, name, part } of localities) {
    const star = name.indexOf('*');
    if (star !== -1 && star !== name.length - 1) {
      findings.refuse(field, 'may have one *, at its end', LOCALITY_HELP, part);
      return;
    }
    const parts = name.split('/');
    const isWhole = parts.slice(0, 2).every((step) => step !== '') && parts.slice(2).join('/') !== '';
    if (parts.length > 2 ? !isWhole : parts.includes('')) {
      findings.refuse(field, 'must not have an empty region, zone or subzone', LOCALITY_HELP, part);
      return;
    }
    const other = overlapped(name, taken);
    if (other !== undefined) {
      findings.refuse(field, `overlaps ${JSON.stringify(other)}`, 'Every locality belongs to one entry.', part);
      return;
    }
    take(name, taken);
  }
}

/** An earlier entry that takes this one in, or lies within it. `taken` has entries by `whole` and by `part` keys. */
function overlapped(name: string, taken: ReadonlyMap<string, string>): string | undefined {
  const within = ['*', ...wider(name)].map((key) => taken.get(`whole ${key}`)).find((one) => one !== undefined);
  return within ?? taken.get(`part ${name}`);
}

/** A star for the zone or subzone says no more than leaving it out. */
function take(name: string, taken: Map<string, string>): void {
  const whole = name.replace(/(?:\/\*)+$/, '');
  taken.set(`whole ${whole}`, name);
  for (const key of wider(whole).slice(0, -1)) taken.set(`part ${key}`, name);
}

/** `a/b/c` as `a`, `a/b` and itself. */
function wider(name: string): string[] {
  const [region = '', zone, ...subzone] = name.split('/');
  if (zone === undefined) return [region];
  return subzone.length === 0 ? [region, name] : [region, `${region}/${zone}`, name];
}

function checkFailover(entry: Written, findings: Findings): void {
  const from = entry.at('from');
  const to = entry.at('to');
  if (from.text === to.text) findings.refuse(to, 'must be another region than from', 'Name the region to go to.');
  for (const region of [from, to]) {
    if (region.text.includes('/'))
      findings.refuse(region, 'must be a region alone, without a zone', 'Write what stands before the first /.');
    else if (region.text.includes('*')) findings.refuse(region, 'must not have a *', 'Name one region.');
  }
}
