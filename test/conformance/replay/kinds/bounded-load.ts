import type { Host, HostState } from '../../../../src/affinity/host.ts';
import { createBalancer, type RecordedBalancer } from '../balancers.ts';
import { readHosts } from '../envoy/hosts.ts';
import { asList, Fields, NotUnderstood } from '../fields.ts';
import { pickByKey } from '../key-picks.ts';
import { hasFields, nameCase, type Replayer } from '../recording.ts';
import type { Tally } from '../tally.ts';

/** Requests that open and close one at a time; each is counted as the gateway counts it. */
export const boundedLoadReplayer: Replayer = {
  kinds: ['bounded_load'],
  looksLike: (sample) => hasFields(sample, 'config', 'hosts', 'events', 'picks'),
  replay: ({ cases }, tally) => {
    for (const [index, item] of cases.entries()) {
      const fields = new Fields(item, 'case');
      tally.case(nameCase(fields, index), () => {
        fields.ignore('id', 'type');
        const balancer = createBalancer('bounded', fields.value('config'), readHosts(fields), fields.value('policy'));
        replayEvents(fields.list('events'), fields.list('picks'), balancer, tally);
        fields.end();
      });
    }
  },
};

function replayEvents(
  events: readonly unknown[],
  picks: readonly unknown[],
  balancer: RecordedBalancer,
  tally: Tally,
): void {
  const open = new Map<number, Host<HostState>>();
  const count = (host: Host<HostState>, change: number): void => {
    host.state.activeRequests += change;
    balancer.activeRequests += change;
  };
  for (const [index, event] of events.entries()) {
    const [what, about] = asList(event, `events[${index}]`);
    if (what === 'start') {
      const picked = pickByKey(balancer, String(about));
      tally.check(`pick of event ${index}`, picked, picks[index]);
      const host = picked === null ? undefined : balancer.hosts[picked];
      if (host === undefined) continue;
      open.set(index, host);
      count(host, 1);
    } else if (what === 'end') {
      const host = open.get(Number(about));
      if (host !== undefined) count(host, -1);
      open.delete(Number(about));
    } else {
      throw new NotUnderstood(`event ${String(what)}`);
    }
  }
}
